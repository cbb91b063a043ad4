import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsFiles } from '../../operator/src/engines/member.ts';
import { createAuthority, issueCertificate } from '../../operator/src/pki/certificate-authority.ts';
import { CERTIFICATE_LIFETIME_MILLISECONDS, validityFrom } from '../../operator/src/pki/lifetime.ts';

/** Makes an authority and one certificate for servers on the loopback address, as files. */
export async function makeLoopbackCertificate(folder: string): Promise<TlsFiles> {
  const validity = validityFrom(Date.now(), CERTIFICATE_LIFETIME_MILLISECONDS);
  const authority = await createAuthority('conformance', validity);
  const pair = await issueCertificate(
    authority,
    {
      commonName: 'conformance',
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
      uris: [],
      usages: ['server', 'client'],
    },
    validity,
  );
  const files = {
    authority: join(folder, 'ca.crt'),
    certificate: join(folder, 'tls.crt'),
    key: join(folder, 'tls.key'),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(files.authority, authority.certificate);
  await writeFile(files.certificate, pair.certificate);
  await writeFile(files.key, pair.key, { mode: 0o600 });
  return files;
}
