"""Who is in the demo community. Data only; `build.py` puts it in."""

from dataclasses import dataclass

from members.models import OrganisationKind, RoleName


@dataclass(frozen=True, slots=True)
class Company:
    slug: str
    name: str
    kind: OrganisationKind


@dataclass(frozen=True, slots=True)
class Person:
    """`key` is the handle by which threads name the person; `joined` counts days before today."""

    key: str
    name: str
    title: str
    company: str
    place: str
    time_zone: str
    joined: int
    can_help_with: str
    looks_for: str = ""
    roles: tuple[RoleName, ...] = (RoleName.MEMBER,)


CUSTOMER, PARTNER, VENDOR, OWN = (
    OrganisationKind.CUSTOMER,
    OrganisationKind.PARTNER,
    OrganisationKind.VENDOR,
    OrganisationKind.OWN,
)

COMPANIES = (
    Company("sourcing-guild", "The Sourcing Guild", OWN),
    Company("northwind-foods", "Northwind Foods", CUSTOMER),
    Company("halden-rail", "Halden Rail", CUSTOMER),
    Company("meridian-care", "Meridian Care", CUSTOMER),
    Company("okoro-textiles", "Okoro Textiles", CUSTOMER),
    Company("pax-aero", "Pax Aero", CUSTOMER),
    Company("riverbend-power", "Riverbend Power", CUSTOMER),
    Company("saito-instruments", "Saito Instruments", CUSTOMER),
    Company("velum-paper", "Velum Paper", CUSTOMER),
    Company("tessera-retail", "Tessera Retail", CUSTOMER),
    Company("city-of-aarden", "City of Aarden", CUSTOMER),
    Company("lindqvist-advisers", "Lindqvist Advisers", PARTNER),
    Company("clearbid", "Clearbid", VENDOR),
)

# Words that others can help with, so that people find each other.
LOOKS = {
    "ben": "e-auctions, indexation clauses",
    "sofia": "operating models, benchmarks",
    "marte": "exit clauses, framework agreements",
    "grace": "public tenders, workshops",
    "aisha": "audits on site",
    "nadia": "last-time buys",
    "wim": "power purchase agreements",
    "lucy": "energy contracts",
    "arthur": "spend cubes, master data",
    "fatima": "liability caps",
    "johanna": "cotton, commodity hedging",
    "david": "consumables, claims",
    "amara": "certificates, data cleaning",
    "ellen": "should-cost models, long lead times",
}

SECTORS = {
    "northwind-foods": "Agriculture and food",
    "halden-rail": "Logistics and transport",
    "meridian-care": "Health care",
    "okoro-textiles": "Consumer goods",
    "pax-aero": "Industry and machines",
    "riverbend-power": "Energy and utilities",
    "saito-instruments": "Industry and machines",
    "tessera-retail": "Retail and wholesale",
    "city-of-aarden": "Public sector",
    "lindqvist-advisers": "Consulting and law",
}

LANGUAGES = {
    "Europe/Lisbon": "Portuguese, English",
    "Europe/Warsaw": "Polish, English",
    "Europe/Stockholm": "Swedish, English",
    "Europe/Paris": "French, English",
    "Europe/Oslo": "Norwegian, English",
    "Europe/Madrid": "Spanish, English",
    "Europe/Amsterdam": "Dutch, English",
    "Europe/Rome": "Italian, English",
    "Europe/Berlin": "German, English",
    "Asia/Tokyo": "Japanese, English",
    "Asia/Dubai": "Arabic, English",
}

M, X = RoleName.MEMBER, RoleName.EXPERT

PEOPLE = (
    # The organisation that runs the community.
    Person("ines", "Inês Carvalho", "Community manager", "sourcing-guild", "Lisbon", "Europe/Lisbon", 120,
           "Finding the right person here", roles=(RoleName.MANAGER,)),
    Person("tomasz", "Tomasz Wrona", "Community manager", "sourcing-guild", "Gdańsk", "Europe/Warsaw", 118,
           "Anything that does not work", roles=(RoleName.MANAGER,)),
    Person("greta", "Greta Holm", "Managing director", "sourcing-guild", "Malmö", "Europe/Stockholm", 120,
           "Why the guild does what it does", roles=(RoleName.EXECUTIVE,)),
    Person("samir", "Samir Haddad", "Head of systems", "sourcing-guild", "Lyon", "Europe/Paris", 120,
           "Sign-in, exports, the API", roles=(RoleName.ADMINISTRATOR,)),
    # Volunteers.
    Person("ruth", "Ruth Abernathy", "Former head of procurement", "lindqvist-advisers", "Leeds", "Europe/London", 119,
           "Negotiations that went quiet", roles=(M, RoleName.MODERATOR)),
    Person("jonas", "Jonas Bergström", "Category lead, packaging", "northwind-foods", "Gothenburg", "Europe/Stockholm",
           117, "Packaging, paper indices", roles=(M, RoleName.STEWARD)),
    # Experts.
    Person("amara", "Amara Okoro", "Chief procurement officer", "okoro-textiles", "Lagos", "Africa/Lagos", 120,
           "Supplier audits in textiles", "Traceability that auditors accept", (M, X)),
    Person("henrik", "Henrik Dahl", "Head of strategic sourcing", "halden-rail", "Oslo", "Europe/Oslo", 120,
           "Framework agreements, public tenders", "", (M, X)),
    Person("yuki", "Yuki Saito", "Director of supply", "saito-instruments", "Nagoya", "Asia/Tokyo", 112,
           "Single-source components, last-time buys", "", (M, X)),
    Person("carmen", "Carmen Ibáñez", "Procurement counsel", "riverbend-power", "Bilbao", "Europe/Madrid", 120,
           "Indexation clauses, liability caps", "", (M, X)),
    # Members.
    Person("ben", "Ben Adeyemi", "Buyer, ingredients", "northwind-foods", "Rotterdam", "Europe/Amsterdam", 120,
           "Commodity hedging for small volumes", "Someone who left a reverse auction behind"),
    Person("sofia", "Sofia Lindgren", "Sourcing analyst", "northwind-foods", "Gothenburg", "Europe/Stockholm", 117,
           "Spend cubes, data cleaning", "A mentor in category management"),
    Person("marte", "Marte Nilsen", "Contract manager", "halden-rail", "Bergen", "Europe/Oslo", 114,
           "Change orders, claims", "Templates for exit plans"),
    Person("piotr", "Piotr Zieliński", "Category manager, rolling stock", "halden-rail", "Oslo", "Europe/Oslo", 76,
           "Spare part pricing"),
    Person("grace", "Grace Whitfield", "Head of purchasing", "meridian-care", "Birmingham", "Europe/London", 120,
           "Group purchasing, clinical evaluation", "Ways to involve nurses in tenders"),
    Person("devika", "Devika Rao", "Category manager, consumables", "meridian-care", "Bristol", "Europe/London", 104,
           "Consumables, standardisation"),
    Person("luca", "Luca Ferrante", "Supplier quality manager", "okoro-textiles", "Prato", "Europe/Rome", 104,
           "Audits on site, corrective actions"),
    Person("aisha", "Aisha Bello", "Sustainability buyer", "okoro-textiles", "Lagos", "Africa/Lagos", 103,
           "Cotton, certificates", "Scope 3 data that is not invented"),
    Person("claude", "Claude Morel", "Purchasing director", "pax-aero", "Toulouse", "Europe/Paris", 111,
           "Long-term agreements, offsets"),
    Person("nadia", "Nadia Petrova", "Supplier development lead", "pax-aero", "Toulouse", "Europe/Paris", 104,
           "Ramp-up with small suppliers", "Experience with joint capacity plans"),
    Person("oskar", "Oskar Klein", "Cost engineer", "pax-aero", "Hamburg", "Europe/Berlin", 119,
           "Should-cost models", "Sceptics"),
    Person("ellen", "Ellen Prescott", "VP supply chain", "riverbend-power", "Denver", "America/Denver", 109,
           "Risk committees, board papers"),
    Person("miguel", "Miguel Santos", "Sourcing manager, grid", "riverbend-power", "Denver", "America/Denver", 77,
           "Transformers, long lead times"),
    Person("hana", "Hana Mori", "Procurement operations", "saito-instruments", "Nagoya", "Asia/Tokyo", 94,
           "Purchase-to-pay, master data"),
    Person("wim", "Wim de Groot", "Head of procurement", "velum-paper", "Arnhem", "Europe/Amsterdam", 120,
           "Energy contracts, pulp", "A second opinion on index baskets"),
    Person("katrin", "Katrin Vogel", "Energy buyer", "velum-paper", "Düsseldorf", "Europe/Berlin", 89,
           "Power purchase agreements"),
    Person("omar", "Omar Farouk", "Director, goods not for resale", "tessera-retail", "Dubai", "Asia/Dubai", 106,
           "Facilities, marketing spend"),
    Person("lucy", "Lucy Chen", "Category manager, logistics", "tessera-retail", "Manchester", "Europe/London", 117,
           "Parcel contracts, fuel surcharges", "Peers who run their own yard"),
    Person("arthur", "Arthur Bell", "Procurement transformation", "tessera-retail", "Manchester", "Europe/London", 97,
           "Operating models", "Honest numbers on tool adoption"),
    Person("saskia", "Saskia Vermeer", "Head of tenders", "city-of-aarden", "Aarden", "Europe/Amsterdam", 105,
           "Public procurement, social value"),
    Person("bram", "Bram Jansen", "Contract lawyer", "city-of-aarden", "Aarden", "Europe/Amsterdam", 101,
           "Tender law, complaints"),
    Person("fatima", "Fatima Zahra", "Digital services buyer", "city-of-aarden", "Aarden", "Europe/Amsterdam", 72,
           "Software licences, exit clauses", "People who bought AI tools with care"),
    Person("erik", "Erik Lindqvist", "Partner", "lindqvist-advisers", "Stockholm", "Europe/Stockholm", 102,
           "Operating models, interim leadership"),
    Person("mai", "Mai Tran", "Consultant", "lindqvist-advisers", "Copenhagen", "Europe/Copenhagen", 54,
           "Benchmarks, workshops"),
    Person("rob", "Rob Castellan", "Customer advisory lead", "clearbid", "Austin", "America/Chicago", 117,
           "How sourcing tools are built"),
    Person("priya", "Priya Menon", "Product manager", "clearbid", "Bengaluru", "Asia/Kolkata", 50,
           "Sourcing events, e-auctions"),
    Person("layla", "ليلى حداد", "مديرة المشتريات", "tessera-retail", "Dubai", "Asia/Dubai", 44,
           "عقود الخدمات"),
    Person("stefan", "Stefan Ilić", "Strategic buyer, castings", "halden-rail", "Drammen", "Europe/Oslo", 39,
           "Castings, tooling ownership", "A way out of a tooling dispute"),
    Person("johanna", "Johanna Eklund", "Sourcing lead, ingredients", "northwind-foods", "Gothenburg",
           "Europe/Stockholm", 60, "Oils and fats", "Peers who buy under new deforestation rules"),
    Person("david", "David Mensah", "Procurement graduate", "meridian-care", "Leeds", "Europe/London", 29,
           "Fresh eyes", "How you learned to negotiate"),
    Person("chloe", "Chloé Bernard", "Buyer, composites", "pax-aero", "Nantes", "Europe/Paris", 29,
           "Composites", "Anyone who has qualified a second source lately"),
)  # fmt: skip

# One sign-in for each role, printed by `make run`. Everybody else has no password.
SIGN_INS = (
    ("administrator", "samir"),
    ("manager", "ines"),
    ("executive", "greta"),
    ("moderator", "ruth"),
    ("steward", "jonas"),
    ("expert", "amara"),
    ("member", "ben"),
    ("applicant", "nils"),
)

# What the experts are recognised for, by the names of the tags under which they write.
LABELS = (
    (
        "amara",
        "audits",
        "Thirty audits in textiles, and the notes on them that half of the guild works with.",
    ),
    ("henrik", "tenders", "Framework agreements for railways in four countries."),
    ("yuki", "risk", "Took a product line through three last-time buys."),
    ("yuki", "obsolescence", "Gave the workshop on lead times of last year."),
    ("carmen", "indexation", "Drafted the index clauses that three members use."),
    ("carmen", "contracts", "Procurement counsel for fifteen years."),
)

# Who follows whom; pairs that stand both ways follow each other back.
FOLLOWS = (
    ("ben", "wim"), ("wim", "ben"), ("ben", "carmen"), ("sofia", "amara"), ("amara", "sofia"), ("grace", "saskia"),
    ("saskia", "grace"), ("katrin", "wim"), ("wim", "katrin"), ("david", "ruth"),
)  # fmt: skip
