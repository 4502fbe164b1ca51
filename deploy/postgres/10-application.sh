#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: the application's role, which owns its database and no more.
set -eu

psql --set ON_ERROR_STOP=1 --set password="$POSTGRES_APP_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE trefoil LOGIN PASSWORD :'password';
CREATE DATABASE trefoil OWNER trefoil;
SQL
