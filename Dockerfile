# The image of the operator, which also runs beside the databases. `npm run build` makes dist/image first.
# Any base with Node.js 24 on its PATH will do.
ARG BASE_IMAGE=node:24-bookworm-slim
FROM ${BASE_IMAGE}

ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Shardwright" \
      org.opencontainers.image.description="Kubernetes operator for sharded, replicated MariaDB" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

COPY dist/image /opt/shardwright
ENV PATH=/opt/shardwright/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production

# In digits, so that the kubelet can tell that it is not root. Nothing is written to the root file system.
USER 65532:65532
ENTRYPOINT ["/opt/shardwright/bin/shardwright"]
