import { createAuthority, issueCertificate } from '../certificate-authority.ts';
import type { KeyPair } from '../certificate.ts';
import { formatIdentity, type PeerRole } from '../identity.ts';
import { validityFrom } from '../lifetime.ts';
import { memberServerNames } from '../server-names.ts';
import type { TlsMaterial, TlsMaterialSource } from '../tls-material.ts';

/** Material that a test can replace. */
export interface ReplaceableTls extends TlsMaterialSource {
  replace(material: TlsMaterial): void;
}

export function replaceableTls(material: TlsMaterial): ReplaceableTls {
  const handlers = new Set<() => void>();
  let current = material;
  return {
    current: () => current,
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    replace(next) {
      current = next;
      handlers.forEach((handler) => handler());
    },
  };
}

const HOUR_MILLISECONDS = 3600_000;

/** An authority for tests, and certificates of the members of shard 0 of the cluster `shop/demo`. */
export interface TestAuthority {
  readonly certificate: string;
  material(
    role: PeerRole,
    change?: {
      readonly cluster?: string;
      readonly shard?: string;
      readonly expired?: boolean;
      /** @default this authority alone */
      readonly trusted?: readonly TestAuthority[];
    },
  ): Promise<TlsMaterial>;
}

export async function createTestAuthority(): Promise<TestAuthority> {
  const now = Date.now();
  const pair: KeyPair = await createAuthority(
    'test',
    validityFrom(now - 48 * HOUR_MILLISECONDS, 96 * HOUR_MILLISECONDS),
  );
  return {
    certificate: pair.certificate,
    async material(role, change = {}) {
      const { cluster = 'demo', shard = 'demo-shard-0', expired = false, trusted } = change;
      const start = expired ? now - 24 * HOUR_MILLISECONDS : now;
      const issued = await issueCertificate(
        pair,
        {
          commonName: role,
          dnsNames: memberServerNames({ namespace: 'shop', shard }, { services: [] }),
          ipAddresses: [],
          uris: [formatIdentity({ namespace: 'shop', cluster, role })],
          usages: ['server', 'client'],
        },
        validityFrom(start, HOUR_MILLISECONDS),
      );
      const authorities = trusted?.map(({ certificate }) => certificate).join('') ?? pair.certificate;
      return { ...issued, authorities };
    },
  };
}
