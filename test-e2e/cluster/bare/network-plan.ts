import { ClusterError } from '../failure.ts';

/** The largest number of nodes; node numbers are single digits in addresses and names. */
export const maximumNodes = 9;

/** All addresses of one cluster: one /16 of private space, chosen so that nothing else uses it. */
export interface NetworkPlan {
  /** The /16 that holds everything below, such as `10.207.0.0/16`. */
  readonly range: string;
  /** The host's address on the bridge; the API server listens there. */
  readonly hostAddress: string;
  /** A namespace of its own that forwards the host's traffic to Services. */
  readonly gatewayAddress: string;
  readonly nodePrefixLength: number;
  readonly podRange: string;
  readonly serviceRange: string;
  /** Address of the Service `kubernetes`. */
  readonly kubernetesServiceAddress: string;
  readonly dnsAddress: string;
}

/** One node's share of the network. */
export interface NodeNetwork {
  readonly address: string;
  readonly podSubnet: string;
}

/** The plan for the second octet given. */
export function networkPlan(octet: number): NetworkPlan {
  const prefix = `10.${String(octet)}`;
  return {
    range: `${prefix}.0.0/16`,
    hostAddress: `${prefix}.255.1`,
    gatewayAddress: `${prefix}.255.2`,
    nodePrefixLength: 24,
    podRange: `${prefix}.0.0/18`,
    serviceRange: `${prefix}.128.0/18`,
    kubernetesServiceAddress: `${prefix}.128.1`,
    dnsAddress: `${prefix}.128.10`,
  };
}

/** The network of node `number`, counted from 1. */
export function nodeNetwork(plan: NetworkPlan, number: number): NodeNetwork {
  const prefix = plan.range.split('.').slice(0, 2).join('.');
  return {
    address: `${prefix}.255.${String(10 + number)}`,
    podSubnet: `${prefix}.${String(number)}.0/24`,
  };
}

const firstOctet = 207;
const lastOctet = 254;

/**
 * Picks the second octet of a 10.x.0.0/16 that overlaps none of the host's routes (as `ip route` names
 * them: `10.0.0.0/8`, `192.0.2.1`, `default`). The default route overlaps nothing.
 * @throws ClusterError `UnsupportedSystem` when all are taken.
 */
export function chooseOctet(destinations: readonly string[]): number {
  const taken = destinations.filter((text) => text !== 'default').map(parseRange);
  for (let octet = firstOctet; octet <= lastOctet; octet += 1) {
    const candidate = parseRange(networkPlan(octet).range);
    if (!taken.some((range) => range.first <= candidate.last && candidate.first <= range.last)) {
      return octet;
    }
  }
  throw new ClusterError(
    'UnsupportedSystem',
    'Every network from 10.207.0.0/16 to 10.254.0.0/16 is in use.',
    {
      remedy: 'Remove one of the routes to them (see `ip route`), or run the cluster on another machine.',
    },
  );
}

function parseRange(text: string): { first: number; last: number } {
  const [address = '', length = '32'] = text.split('/');
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}
