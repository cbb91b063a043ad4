import { dump } from 'js-yaml';
import type { KeyPair } from './certificates.ts';

/** The text of a kubeconfig with one cluster, one user and certificates within the file. */
export function renderKubeconfig(options: {
  readonly server: string;
  readonly authority: Pick<KeyPair, 'certificate'>;
  readonly user: string;
  readonly pair: KeyPair;
}): string {
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'shardwright',
        cluster: {
          server: options.server,
          'certificate-authority-data': encode(options.authority.certificate),
        },
      },
    ],
    users: [
      {
        name: options.user,
        user: {
          'client-certificate-data': encode(options.pair.certificate),
          'client-key-data': encode(options.pair.key),
        },
      },
    ],
    contexts: [{ name: 'shardwright', context: { cluster: 'shardwright', user: options.user } }],
    'current-context': 'shardwright',
  });
}

function encode(pem: string): string {
  return Buffer.from(pem).toString('base64');
}
