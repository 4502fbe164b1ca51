"""All settings, read from the environment through `community.env`; `.env.example` lists the variables."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF, STRICT_DYNAMIC

from community import embedded
from community.addresses import celery_broker_url, database_settings, redis_location
from community.env import VAR, env_bool, env_int, env_list, env_secret, env_str, env_url

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What kind of place this is ---------------------------------------------------------------------------------
# SITE_URL decides: an https address is a public place with everything that asks for; http is one's own machine.
DEBUG = env_bool("DEBUG", default=False)
PORT = env_int("PORT", 8000, least=1, most=65535)
SITE_URL = env_url("SITE_URL", f"http://localhost:{PORT}").rstrip("/")
SITE_IS_HTTPS = SITE_URL.startswith("https://")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
COMMUNITY_NAME = env_str("COMMUNITY_NAME", "Trefoil")

# Only a place on one's own machine may make its own key; a public one is given it.
SECRET_KEY = env_secret("SECRET_KEY", kept_in=None if SITE_IS_HTTPS else VAR / "secret_key")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env_list(
    "ALLOWED_HOSTS", [SITE_HOST] if SITE_IS_HTTPS else [SITE_HOST, "localhost", "127.0.0.1"]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_IS_HTTPS else []

# The gallery of components is for those who build the pages.
GALLERY = env_bool("GALLERY", default=not SITE_IS_HTTPS)

# --- Apps and the way of a request ------------------------------------------------------------------------------
INSTALLED_APPS = [
    "community",
    "community.core",
    "members",
    "discussions",
    "outreach",
    "metrics",
    "community.apps.CommunityAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",  # allauth's list of sign-ins needs it
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",  # the templates of the widgets that the project does not draw itself
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "django_htmx",
    "django_prose_editor",
    "drf_spectacular",
    "heroicons",
    "rest_framework",
    "taggit",
]

MIDDLEWARE = [
    "community.core.middleware.RequestIdMiddleware",
    "community.core.middleware.PrivateResponseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Above everything that renders a template with a nonce.
    "csp.middleware.CSPMiddleware",
    "community.core.middleware.EdgeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # In front of the closed door: what a form holds whose sender has been signed out.
    "discussions.middleware.TypedWordsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "members.middleware.SeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "members.middleware.StandingMiddleware",
    "members.middleware.TermsMiddleware",
    "community.core.middleware.ReaderTimeMiddleware",
    "community.core.middleware.ErrorMiddleware",
]

ROOT_URLCONF = "community.urls"
WSGI_APPLICATION = "community.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "community.context.chrome",
            ],
            "builtins": ["community.core.templatetags.inheritance"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data -------------------------------------------------------------------------------------------------------
DATABASES = {"default": database_settings(embedded.database_url())}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis holds nothing that cannot be lost. Half a second is the longest a page waits for it; `docs/operations.md`
# has the rule for each use: what goes on without it and what is refused.
REDIS_TIMEOUT_SECONDS = 0.25
CACHES = {
    "default": {
        "BACKEND": "community.core.cache.ForgivingRedisCache",
        "LOCATION": redis_location(embedded.redis_url(), database=1),
        "KEY_PREFIX": "trefoil",
        "TIMEOUT": 300,
        "OPTIONS": {
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
        },
    }
}

# --- Sessions and sign-in ---------------------------------------------------------------------------------------
# In the database: a flush of Redis must not sign everybody out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())
SESSION_COOKIE_NAME = "__Host-session" if SITE_IS_HTTPS else "session"
SESSION_COOKIE_SECURE = SITE_IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SITE_IS_HTTPS else "csrf"
CSRF_COOKIE_SECURE = SITE_IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "community.views.errors.csrf_failure"

AUTH_USER_MODEL = "members.Member"
AUTHENTICATION_BACKENDS = ["members.backends.MemberBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

PASSWORD_HASHERS = [
    "members.hashers.Argon2Hasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "handle", "display_name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

ACCOUNT_ADAPTER = "members.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "request_login_code": "members.signin.AskForCodeForm",
    "reset_password": "members.signin.ForgottenPasswordForm",
    "reset_password_from_key": "members.signin.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_USER_DISPLAY = "members.adapter.user_display"
ACCOUNT_UNIQUE_EMAIL = True
# One for work, one that outlives the job, and one on its way in or out.
ACCOUNT_MAX_EMAIL_ADDRESSES = 3
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# Known and unknown addresses get the same answer, and both get a mail: neither page, cookie nor clock tells them apart.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
# Mail takes its time; three wrong tries end it sooner.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = int(timedelta(minutes=10).total_seconds())
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=3).total_seconds())
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_IS_HTTPS else "http"
# Amount/time/per: address of the network, or "key", the address that was typed. Each form that sends mail to an address
# somebody else may have typed has a limit by the day as well, so that nobody's mailbox is filled through us.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,60/h/ip,5/5m/key,20/h/key",
    "request_login_code": "10/m/ip,100/h/ip,3/m/key,15/d/key",
    "reset_password": "10/m/ip,100/h/ip,3/m/key,10/d/key",
    "reset_password_from_key": "20/m/ip",
    "signup": "20/m/ip",
    "start_application": "10/m/ip,60/h/ip,3/m/key,10/d/key",
    "confirm_email": "1/10s/key,15/d/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "company_sign_in": "20/m/ip",
    "keep_words": "20/h/ip",
    # Whole companies sit behind one address in the morning; each answer costs a signature to look at.
    "company_answer": "120/m/ip",
}
# Sign-in by one's company: each company's provider is a row of ours, not of allauth's (members/company_sign_in.py).
SOCIALACCOUNT_ADAPTER = "members.company_sign_in.CompanyAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
# The action has made sure of the address.
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "members.adapter.MfaAdapter"
MFA_FORMS = {
    "authenticate": "members.signin.SecondStepForm",
    "reauthenticate": "members.signin.ShowAgainForm",
    "add_webauthn": "members.signin.AddKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SITE_IS_HTTPS
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = COMMUNITY_NAME
# One step of 30 s to either side, for telephones whose clock is off.
MFA_TOTP_TOLERANCE = 1
# Staff and moderators need a second factor (members/second_factor.py); on one's own machine it would be in the way.
REQUIRE_SECOND_FACTOR = env_bool("REQUIRE_SECOND_FACTOR", default=SITE_IS_HTTPS)
# Behind how many proxies of ours: without it a forwarded address is not believed for limits.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 0, least=0, most=5)

# --- Transport and headers --------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_HSTS_SECONDS = int(timedelta(days=730).total_seconds()) if SITE_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SITE_IS_HTTPS
SECURE_HSTS_PRELOAD = SITE_IS_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE, STRICT_DYNAMIC],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": "/csp-report/",
    },
}

# A post is at most 50,000 characters, four bytes each; nothing else that a form sends comes near this.
DATA_UPLOAD_MAX_MEMORY_SIZE = 600_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 10
# What may be attached to a post or message beside pictures, by its ending, and the largest file.
ATTACHMENT_MAX_BYTES = env_int("ATTACHMENT_MEGABYTES", 10, least=1, most=50) * 1_000_000
ATTACHMENT_TYPES = env_list(
    "ATTACHMENT_TYPES",
    ["pdf", "txt", "md", "csv", "docx", "xlsx", "pptx", "odt", "ods", "odp", "zip"],
)
# The addresses that take files: the file and the form around it; in JSON a file takes a third more.
BODY_LIMITS = {
    "/mail/inbound/": 10_000_000,
    "/me/photo/": 8_100_000,
    "/invitations/import/": 4_100_000,
    "/attachments/": ATTACHMENT_MAX_BYTES + DATA_UPLOAD_MAX_MEMORY_SIZE,
    "/api/v1/attachments/": ATTACHMENT_MAX_BYTES * 4 // 3 + 100_000,
}

# --- Words and time ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["community.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]

# --- Files ------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR / "media"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Mail -------------------------------------------------------------------------------------------------------
# Without a mail server every message is a file, so that a first run needs none.
EMAIL_HOST = env_str("EMAIL_HOST", "")
EMAIL_PORT = env_int("EMAIL_PORT", 25, least=1, most=65535)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
# Of the outbox; 0: as many as the server takes.
EMAIL_PER_SECOND = env_int("EMAIL_PER_SECOND", 0, least=0, most=1000)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", f"{COMMUNITY_NAME} <community@{SITE_HOST}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# A mailbox that takes plus addresses; without it mails have no address for answers, and reports of servers are lost.
INBOUND_ADDRESS = env_str("INBOUND_ADDRESS", "")
# How mail gets from there to us: asked for every minute, or sent by the provider to /mail/inbound/ and signed.
INBOUND_IMAP_URL = env_url("INBOUND_IMAP_URL", "", schemes=("imaps", "imap"))
INBOUND_WEBHOOK_SECRET = env_str("INBOUND_WEBHOOK_SECRET", "")
# Without a mail server the files can be looked at, by managers and on one's own machine only.
MAIL_VIEWER = not SITE_IS_HTTPS and not EMAIL_HOST

# --- Jobs -------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = celery_broker_url(embedded.redis_url(), database=0)
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 2,
    "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
    "visibility_timeout": 900,
}

# --- API --------------------------------------------------------------------------------------------------------
# Over all tokens and sessions of one member; a program that synchronises needs a fraction of it.
API_REQUESTS_PER_MINUTE = env_int("API_REQUESTS_PER_MINUTE", 600, least=1, most=1_000_000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "community.core.api.authentication.TokenAuthentication",
        "community.core.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["community.core.api.permissions.IsAdmitted"],
    "DEFAULT_THROTTLE_CLASSES": ["community.core.api.throttling.MemberThrottle"],
    "DEFAULT_PARSER_CLASSES": ["community.core.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "community.core.api.negotiation.OnlyJson",
    "DEFAULT_PAGINATION_CLASS": "community.core.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "community.core.api.schema.Schema",
    "EXCEPTION_HANDLER": "community.core.api.errors.answer_error",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trefoil API",
    "DESCRIPTION": "Spaces, topics, posts and members, with the permissions of the member the token belongs to.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    # Only members read the description, and all of them the same one.
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["community.core.api.permissions.IsAdmitted"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "community.core.api.schema.link_what_is_created",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ApplicationState": "members.api.application.SENT_STATES",
        "BodyFormat": [("markdown", "markdown"), ("html", "html")],
        "CaseKind": "discussions.models.CaseKind",
        "CaseState": "discussions.models.CaseState",
        "Delivery": "community.core.models.Delivery",
        "DigestRate": "community.core.models.DigestRate",
        "FactKind": "members.models.FactKind",
        "FollowLevel": "discussions.models.FollowLevel",
        "NoticeReason": "community.core.models.NoticeReason",
        "PollKind": "discussions.models.PollKind",
        "ReportReason": "discussions.models.ReportReason",
        "ResourceKind": "discussions.models.ResourceKind",
        "ResourceState": "discussions.models.ResourceState",
        "RoleName": "members.models.RoleName",
        "RulingAct": "discussions.models.RulingAct",
        "Scope": "community.core.models.Scope",
        "SpacePreset": "discussions.models.SpacePreset",
        "TopicKind": "discussions.models.TopicKind",
    },
}

TAGGIT_CASE_INSENSITIVE = True

# --- Log --------------------------------------------------------------------------------------------------------
# Structured, one line an event; never message text, addresses or tokens.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "community.core.log.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    "loggers": {"django.server": {"handlers": ["console"], "propagate": False}},
}
