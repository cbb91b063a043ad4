import type { FakeApiServer } from './fake-api-server.ts';

/** How an API server is seen by somebody who may die at any write. */
export interface Mortality {
  /** Called before and after each write; throws where whoever writes has died by then. */
  readonly step: () => void;
  /** Does one write of an object of that kind, and looks at what it changes. @default just does it */
  readonly observe?: (kind: string, write: () => Promise<unknown>) => Promise<unknown>;
}

/** The API server as one process sees it that may die before and after each object it creates or replaces. */
export function mortalApiServer(server: FakeApiServer, { step, observe }: Mortality): FakeApiServer {
  const mortal = async (kind: string, write: () => Promise<unknown>): Promise<unknown> => {
    step();
    const result = await (observe === undefined ? write() : observe(kind, write));
    step();
    return result;
  };
  const writes = {
    create: (...parameters: Parameters<FakeApiServer['create']>) =>
      mortal(parameters[0].kind, () => server.create(...parameters)),
    replace: (...parameters: Parameters<FakeApiServer['replace']>) =>
      mortal(parameters[0].kind, () => server.replace(...parameters)),
  };
  return new Proxy(server, {
    get: (target, name) => {
      if (name === 'create' || name === 'replace') {
        return writes[name];
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
