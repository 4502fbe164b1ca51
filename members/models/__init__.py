"""Who is here: member, role, organisation, profile. They point at each other and at nothing to the right."""

from members.models.application import (
    DECIDED_STATES,
    OPEN_STATES,
    SENT_STATES,
    WITH_REVIEWERS,
    Admission,
    Answer,
    Application,
    ApplicationNote,
    ApplicationState,
    ApplicationStep,
    Assessment,
    ReviewDecision,
    Verdict,
    Vouch,
    VouchRequest,
)
from members.models.directory import (
    DirectoryEntry,
    DirectoryExport,
    DirectoryFacet,
    DismissedSuggestion,
    SavedSearch,
)
from members.models.expertise import Expertise, QuestionBudget
from members.models.fact import Fact, FactField, FactKind, FactSource, HiddenProfile, Photo, Visibility
from members.models.failure import SignInFailure
from members.models.gate import Criterion, Gate, Question, QuestionKind, Tier
from members.models.identity_provider import IdentityProvider, Protocol
from members.models.invitation import DomainPolicy, DomainRule, Invitation, InvitationBatch, Skip
from members.models.member import EVERYWHERE, HANDLE, Member, MemberQuerySet, time_zone_choices
from members.models.organisation import Employment, Organisation, OrganisationDomain, OrganisationKind
from members.models.role import PRECEDENCE, STAFF_ROLES, Role, RoleName
from members.models.standing import Appeal, Pause, Sanction, SanctionGrade, Suspension, Welcome
from members.models.terms import Terms, TermsAcceptance, TermsKind
from members.models.tie import Introduction, MemberNote, Tie, TieKind

__all__ = [
    "DECIDED_STATES",
    "EVERYWHERE",
    "HANDLE",
    "OPEN_STATES",
    "PRECEDENCE",
    "SENT_STATES",
    "STAFF_ROLES",
    "WITH_REVIEWERS",
    "Admission",
    "Answer",
    "Appeal",
    "Application",
    "ApplicationNote",
    "ApplicationState",
    "ApplicationStep",
    "Assessment",
    "Criterion",
    "DirectoryEntry",
    "DirectoryExport",
    "DirectoryFacet",
    "DismissedSuggestion",
    "DomainPolicy",
    "DomainRule",
    "Employment",
    "Expertise",
    "Fact",
    "FactField",
    "FactKind",
    "FactSource",
    "Gate",
    "HiddenProfile",
    "IdentityProvider",
    "Introduction",
    "Invitation",
    "InvitationBatch",
    "Member",
    "MemberNote",
    "MemberQuerySet",
    "Organisation",
    "OrganisationDomain",
    "OrganisationKind",
    "Pause",
    "Photo",
    "Protocol",
    "Question",
    "QuestionBudget",
    "QuestionKind",
    "ReviewDecision",
    "Role",
    "RoleName",
    "Sanction",
    "SanctionGrade",
    "SavedSearch",
    "SignInFailure",
    "Skip",
    "Suspension",
    "Terms",
    "TermsAcceptance",
    "TermsKind",
    "Tie",
    "TieKind",
    "Tier",
    "Verdict",
    "Visibility",
    "Vouch",
    "VouchRequest",
    "Welcome",
    "time_zone_choices",
]
