# The service with its desk. Build: docker build --tag ahize .

FROM python:3.13-slim-bookworm AS base
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app

FROM base AS web
COPY requirements/build.txt requirements/
RUN pip install --quiet --require-hashes --requirement requirements/build.txt
WORKDIR /app/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM base AS install
RUN python -m venv /opt/ahize
ENV PATH=/opt/ahize/bin:$PATH
COPY requirements/build.txt requirements/service.txt requirements/
RUN grep --after-context=3 '^setuptools==' requirements/build.txt > /tmp/setuptools.txt \
    && pip install --quiet --require-hashes --requirement /tmp/setuptools.txt --requirement requirements/service.txt
COPY pyproject.toml README.md LICENSE ./
COPY kit/ kit/
COPY sip/ sip/
COPY media/ media/
COPY dialer/ dialer/
COPY practice/ practice/
COPY identity/ identity/
COPY contacts/ contacts/
COPY campaigns/ campaigns/
COPY desk/ desk/
COPY api/ api/
COPY cli/ cli/
COPY migrations/ migrations/
RUN pip install --quiet --no-build-isolation --no-deps --editable . \
    && pip uninstall --quiet --yes setuptools \
    && python -m compileall -q /app

FROM base
RUN groupadd --system --gid 10001 ahize \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin ahize \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=install /opt/ahize /opt/ahize
COPY --from=install /app /app
COPY --from=web /app/web/dist /app/web/dist
COPY config.yaml ./
ENV PATH=/opt/ahize/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AHIZE_SERVER__HOST=0.0.0.0 \
    AHIZE_DATABASE__URL=sqlite+aiosqlite:////data/ahize.db \
    AHIZE_KEYS__MASTER_KEY_FILE=/data/master.key \
    AHIZE_UPLOADS__FOLDER=/data/uploads \
    AHIZE_RECORDINGS__FOLDER=/data/recordings
USER 10001:10001
VOLUME /data
EXPOSE 8080/tcp 5070/udp 5070/tcp 5071/tcp 30000-31999/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health', timeout=2)"]
ENTRYPOINT ["ahize"]
CMD ["serve"]
