# One image for web, worker, beat and migrations: docker-compose.yml says which of them a container is.

FROM python:3.12-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/trefoil
COPY requirements/base.txt /tmp/base.txt
RUN /opt/trefoil/bin/python -m pip install --require-hashes --requirement /tmp/base.txt

FROM python:3.12-slim
ENV PATH=/opt/trefoil/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=community.settings \
    TREFOIL_VAR=/srv/trefoil/var \
    BIND=0.0.0.0 \
    PORT=8000
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin trefoil
COPY --from=packages /opt/trefoil /opt/trefoil
WORKDIR /srv/trefoil
COPY . .
# The code belongs to root, so what runs cannot change it. Static files are made here with a key that is forgotten;
# only media and mail are written later.
RUN python -m compileall -q . \
    && SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
       python manage.py collectstatic --no-input --verbosity 0 \
    && mkdir -p var/media var/mail \
    && chown -R trefoil:trefoil var/media var/mail
USER trefoil
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["python", "-m", "community.launch", "health"]
CMD ["python", "-m", "gunicorn", "community.wsgi"]
