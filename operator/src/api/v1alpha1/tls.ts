/** `spec.tls`: encryption of connections from applications. Everything between our own parts is always TLS. */
import { z } from 'zod';
import { flag } from './fields.ts';
import { secretName } from './secrets.ts';

export const tlsSchema = z
  .object({
    required: flag(
      'Whether applications must connect with TLS. It is always offered. Replication and the traffic between ' +
        'operator, agents and routers is always encrypted.',
    ).default(false),
    serverCertificateSecretRef: z
      .object({
        name: secretName(
          'spec.tls.serverCertificateSecretRef.name',
          'Name of the Secret, in the same namespace.',
        ),
      })
      .meta({
        description:
          'Secret of type `kubernetes.io/tls` with the certificate shown to applications (`tls.crt`, `tls.key`, ' +
          '`ca.crt`) by the routers; one from the authority of the cluster by default. The servers of shards show certificates that the ' +
          'operator makes and renews, from the authority in the ConfigMap `<cluster>-ca`.',
      })
      .exactOptional(),
  })
  .meta({ description: 'Encryption of connections from applications.' });
