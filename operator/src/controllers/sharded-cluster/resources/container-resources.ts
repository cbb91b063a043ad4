import type { V1ResourceRequirements } from '@kubernetes/client-node';

type Amounts = Readonly<Record<string, string | number>>;

/** CPU and memory of a container as the spec has them, amounts as text. */
export function resourcesOf(given: {
  readonly requests?: Amounts;
  readonly limits?: Amounts;
}): V1ResourceRequirements {
  const { requests, limits } = given;
  return {
    ...(requests === undefined ? {} : { requests: asText(requests) }),
    ...(limits === undefined ? {} : { limits: asText(limits) }),
  };
}

function asText(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
}
