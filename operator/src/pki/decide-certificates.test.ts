import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type AuthorityRecord,
  type CertificateRecord,
  type CertificatesDecision,
  type CertificatesObservation,
  decideCertificates,
  type HolderRecord,
  type WantedCertificate,
} from './decide-certificates.ts';
import {
  AUTHORITY_LIFETIME_MILLISECONDS,
  CERTIFICATE_LIFETIME_MILLISECONDS,
  isValidAt,
  PROPAGATION_MILLISECONDS,
  renewalTime,
  validityFrom,
} from './lifetime.ts';

const DAY = 24 * 3600 * 1000;
const NOW = Date.UTC(2030, 0, 1);
const LONG_AGO = NOW - 30 * DAY;

const wantedNamed = (name: string): WantedCertificate => ({
  name,
  commonName: name,
  dnsNames: [`${name}.svc`, 'localhost'],
  ipAddresses: [],
  uris: ['shardwright://shop/demo/agent'],
  usages: ['server'],
});
const authority = (id: string, ageDays: number, canSign = true): AuthorityRecord => ({
  id,
  canSign,
  ...validityFrom(NOW - ageDays * DAY, AUTHORITY_LIFETIME_MILLISECONDS),
});
const certificate = (
  issuerId: string | null,
  change: Partial<CertificateRecord> = {},
): CertificateRecord => ({
  ...wantedNamed('a'),
  issuerId,
  ...validityFrom(LONG_AGO, CERTIFICATE_LIFETIME_MILLISECONDS),
  ...change,
});
const holder = (change: Partial<HolderRecord> = {}): HolderRecord => ({
  name: 'a',
  certificate: certificate('one'),
  trusted: ['one'],
  trustedSince: LONG_AGO,
  ...change,
});
const observation = (change: Partial<CertificatesObservation> = {}): CertificatesObservation => ({
  authorities: [authority('one', 30)],
  holders: [holder()],
  wanted: [wantedNamed('a')],
  ...change,
});

const old = authority('one', 2500);
const successor = authority('two', 10);
const bothTrusted = ['one', 'two'];
const renewal = (ageDays: number): CertificateRecord =>
  certificate('one', validityFrom(NOW - ageDays * DAY, 90 * DAY));

const table: readonly (readonly [string, CertificatesObservation, CertificatesDecision])[] = [
  [
    'nothing there',
    observation({ authorities: [], holders: [] }),
    { kind: 'createAuthority', reason: 'missing' },
  ],
  [
    'an authority that lost its key',
    observation({ authorities: [authority('one', 30, false)] }),
    { kind: 'createAuthority', reason: 'missing' },
  ],
  [
    'an authority that has expired',
    observation({ authorities: [authority('one', 4000)] }),
    { kind: 'createAuthority', reason: 'missing' },
  ],
  [
    'an authority from the future, by a clock that was set back',
    observation({ authorities: [authority('one', -2)] }),
    { kind: 'createAuthority', reason: 'missing' },
  ],
  [
    'an authority at two thirds of its life',
    observation({ authorities: [old] }),
    { kind: 'createAuthority', reason: 'expiring' },
  ],
  [
    'no certificate',
    observation({ holders: [] }),
    { kind: 'issue', name: 'a', authorityId: 'one', trusted: ['one'], reason: 'missing' },
  ],
  [
    'a certificate that cannot be read',
    observation({ holders: [holder({ certificate: null, trusted: [] })] }),
    { kind: 'issue', name: 'a', authorityId: 'one', trusted: ['one'], reason: 'missing' },
  ],
  [
    'another name wanted',
    observation({ wanted: [{ ...wantedNamed('a'), dnsNames: ['b.svc'] }] }),
    { kind: 'issue', name: 'a', authorityId: 'one', trusted: ['one'], reason: 'changed' },
  ],
  [
    'the same names in another order, one of them twice',
    observation({ wanted: [{ ...wantedNamed('a'), dnsNames: ['localhost', 'a.svc', 'a.svc'] }] }),
    { kind: 'wait', until: renewalTime(validityFrom(LONG_AGO, 90 * DAY)) },
  ],
  [
    'a certificate at two thirds of its life',
    observation({ holders: [holder({ certificate: renewal(61) })] }),
    { kind: 'issue', name: 'a', authorityId: 'one', trusted: ['one'], reason: 'expiring' },
  ],
  [
    'a certificate from the future',
    observation({ holders: [holder({ certificate: renewal(-1) })] }),
    { kind: 'issue', name: 'a', authorityId: 'one', trusted: ['one'], reason: 'expiring' },
  ],
  [
    'a successor that nobody trusts yet',
    observation({ authorities: [old, successor] }),
    { kind: 'publishTrust', name: 'a', trusted: bothTrusted },
  ],
  [
    'a successor trusted a moment ago',
    observation({
      authorities: [old, successor],
      holders: [holder({ trusted: bothTrusted, trustedSince: NOW - 1000 })],
    }),
    { kind: 'wait', until: NOW - 1000 + PROPAGATION_MILLISECONDS },
  ],
  [
    'a certificate missing while the successor is not trusted for long enough: still the old one signs',
    observation({
      authorities: [old, successor],
      holders: [holder({ trusted: bothTrusted, trustedSince: NOW - 1000 })],
      wanted: [wantedNamed('a'), wantedNamed('b')],
    }),
    { kind: 'issue', name: 'b', authorityId: 'one', trusted: bothTrusted, reason: 'missing' },
  ],
  [
    'a successor trusted for long enough',
    observation({ authorities: [old, successor], holders: [holder({ trusted: bothTrusted })] }),
    { kind: 'issue', name: 'a', authorityId: 'two', trusted: bothTrusted, reason: 'authorityReplaced' },
  ],
  [
    'the old authority, just after its last certificate was replaced',
    observation({
      authorities: [old, successor],
      holders: [
        holder({
          trusted: bothTrusted,
          certificate: { ...certificate('two'), ...validityFrom(NOW, 90 * DAY) },
        }),
      ],
    }),
    { kind: 'wait', until: NOW + PROPAGATION_MILLISECONDS },
  ],
  [
    'the old authority, long after that',
    observation({
      authorities: [old, successor],
      holders: [holder({ trusted: bothTrusted, certificate: certificate('two') })],
    }),
    { kind: 'retireAuthority', authorityId: 'one' },
  ],
  [
    'a retired authority still trusted',
    observation({
      authorities: [successor],
      holders: [holder({ trusted: bothTrusted, certificate: certificate('two') })],
    }),
    { kind: 'publishTrust', name: 'a', trusted: ['two'] },
  ],
  [
    'a lost authority: what it signed stays good until its successor is trusted',
    observation({
      authorities: [authority('one', 30, false), authority('two', 0)],
      holders: [holder({ trusted: bothTrusted, trustedSince: NOW })],
    }),
    { kind: 'wait', until: NOW + PROPAGATION_MILLISECONDS },
  ],
  [
    'a certificate of an authority nobody knows',
    observation({ holders: [holder({ certificate: certificate(null) })] }),
    { kind: 'issue', name: 'a', authorityId: 'one', trusted: ['one'], reason: 'authorityReplaced' },
  ],
];

describe('decideCertificates', () => {
  it.each(table)('%s', (_name, given, decision) => {
    expect(decideCertificates(given, NOW)).toEqual(decision);
  });

  it('keeps every two members on terms for thirty years, however late each sees its Secret', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 2, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
        (delays, growthDays) => {
          const life = new Life(delays, growthDays);
          for (const end = NOW + 30 * 365 * DAY; life.now < end;) {
            life.step();
          }
          expect(life.distrust).toEqual([]);
          expect(life.authorities.length).toBeLessThanOrEqual(2);
          expect(life.created).toBeGreaterThanOrEqual(5);
        },
      ),
      { numRuns: 20 },
    );
  });
});

/** Carries decisions out over years, and has each member see its Secret a fixed time late. */
class Life {
  now = NOW;
  created = 0;
  authorities: AuthorityRecord[] = [];
  readonly distrust: string[] = [];
  readonly #holders = new Map<string, HolderRecord>();
  readonly #history: { at: number; holder: HolderRecord }[] = [];
  readonly #delays: readonly number[];
  readonly #growth: number[];
  #wanted = 1;

  constructor(delays: readonly number[], growthDays: readonly number[]) {
    this.#delays = delays;
    this.#growth = growthDays.map((days) => NOW + days * DAY);
  }

  /** Decides and acts until there is nothing to do, looks at the members, and goes on to the next event. */
  step(): void {
    this.#wanted = Math.min(this.#delays.length, 1 + this.#growth.filter((at) => at <= this.now).length);
    const wanted = this.#delays.slice(0, this.#wanted).map((_, index) => wantedNamed(`pod-${index}`));
    for (let actions = 0; ; actions += 1) {
      const holders = [...this.#holders.values()];
      const decision = decideCertificates({ authorities: this.authorities, holders, wanted }, this.now);
      this.#checkTrust();
      if (decision.kind === 'wait') {
        const nextGrowth = this.#growth.filter((at) => at > this.now);
        this.now = Math.min(decision.until, this.now + 7 * DAY, ...nextGrowth);
        return;
      }
      this.#act(decision, wanted);
      if (actions > 50) {
        throw new Error(`no end of decisions: ${JSON.stringify(decision)}`);
      }
      this.now += 1000;
    }
  }

  #act(
    decision: Exclude<CertificatesDecision, { kind: 'wait' }>,
    wanted: readonly WantedCertificate[],
  ): void {
    switch (decision.kind) {
      case 'createAuthority':
        this.created += 1;
        this.authorities.push({
          id: `authority-${this.created}`,
          canSign: true,
          ...validityFrom(this.now, AUTHORITY_LIFETIME_MILLISECONDS),
        });
        break;
      case 'retireAuthority':
        this.authorities = this.authorities.filter(({ id }) => id !== decision.authorityId);
        break;
      case 'publishTrust':
        this.#write(decision.name, undefined, decision.trusted);
        break;
      case 'issue': {
        const request = wanted.find(({ name }) => name === decision.name);
        const issuer = this.authorities.find(({ id }) => id === decision.authorityId);
        const validity = validityFrom(this.now, CERTIFICATE_LIFETIME_MILLISECONDS, issuer);
        const issued = {
          ...wantedNamed(decision.name),
          ...request,
          ...validity,
          issuerId: decision.authorityId,
        };
        this.#write(decision.name, issued, decision.trusted);
        break;
      }
    }
  }

  #write(name: string, issued: CertificateRecord | undefined, trusted: readonly string[]): void {
    const before = this.#holders.get(name);
    const trustChanged = before?.trusted.join() !== trusted.join();
    const after: HolderRecord = {
      name,
      certificate: issued ?? before?.certificate ?? null,
      trusted,
      trustedSince: trustChanged ? this.now : (before?.trustedSince ?? this.now),
    };
    this.#holders.set(name, after);
    this.#history.push({ at: this.now, holder: after });
  }

  #checkTrust(): void {
    const views = this.#delays.slice(0, this.#wanted).flatMap((share, index) => {
      const seen = this.now - share * PROPAGATION_MILLISECONDS;
      const history = this.#history.filter(({ holder }) => holder.name === `pod-${index}`);
      // The kubelet starts no pod before its Secret is there, so the first version is seen at once.
      return (history.findLast(({ at }) => at <= seen) ?? history[0])?.holder ?? [];
    });
    for (const { name, certificate: shown } of views) {
      for (const { name: other, trusted } of views) {
        if (shown === null || !trusted.includes(String(shown.issuerId)) || !isValidAt(shown, this.now)) {
          this.distrust.push(`${other} distrusts ${name} at ${new Date(this.now).toISOString()}`);
        }
      }
    }
  }
}
