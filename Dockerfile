# syntax=docker/dockerfile:1
# docs/how-to/containers.md says how to build and run this.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
# The address of PyTorch's index of CPU builds (its installation page names it). Empty: the package index's own torch,
# which on Linux brings CUDA along, several GB more.
ARG TORCH_INDEX=""
ARG EXTRAS="telegram,discord,postgres"
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CACHE_DIR=/var/cache/pip
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN python -m venv /opt/parley
ENV PATH=/opt/parley/bin:$PATH
WORKDIR /src
# The largest library first: it is fetched anew only when its version changes.
COPY constraints.txt ./
RUN --mount=type=cache,target=/var/cache/pip \
    pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch
COPY . .
RUN --mount=type=cache,target=/var/cache/pip \
    pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} ".[${EXTRAS}]"

FROM python:${PYTHON}
RUN groupadd --gid 10001 parley \
    && useradd --uid 10001 --gid parley --home-dir /data --no-create-home --shell /usr/sbin/nologin parley \
    && install --directory --owner=parley --group=parley --mode=0700 /data
COPY --from=build /opt/parley /opt/parley
ENV PATH=/opt/parley/bin:$PATH \
    PARLEY_HOME=/data \
    PARLEY_LOG__FILE=/dev/stderr \
    HF_HOME=/data/hub \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# By numbers, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["parley", "health"]
ENTRYPOINT ["parley"]
CMD ["serve"]
