/** What the API server must have granted for a request to be answered, in the words of RBAC. */

const PATH =
  /^\/(?:api\/(?<coreVersion>[^/]+)|apis\/(?<group>[^/]+)\/(?<version>[^/]+))(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/?]+)(?:\/(?<name>[^/?]+))?(?:\/(?<subresource>[^/?]+))?$/;

/** `group/resource[/subresource] verb` for each permission a recorded line `METHOD PATH STATUS` took. */
export function permissionsOf(line: string): string[] {
  const [method = '', target = '', status = ''] = line.split(' ');
  const { pathname, searchParams } = new URL(target, 'https://api.invalid');
  const groups = PATH.exec(pathname)?.groups;
  if (groups === undefined) {
    throw new TypeError(`not a request for a resource: ${line}`);
  }
  const { group = '', resource = '', name, subresource } = groups;
  const type = [group, resource, ...(subresource === undefined ? [] : [subresource])].join('/');
  return verbsOf(method, name !== undefined, searchParams, status).map((verb) => `${type} ${verb}`);
}

function verbsOf(method: string, named: boolean, query: URLSearchParams, status: string): string[] {
  switch (method) {
    case 'GET':
      if (named) {
        return ['get'];
      }
      return [query.get('watch') === 'true' || query.get('watch') === '1' ? 'watch' : 'list'];
    case 'POST':
      return ['create'];
    case 'PUT':
      return ['update'];
    case 'PATCH':
      // An apply that created the object needed both.
      return status === '201' ? ['patch', 'create'] : ['patch'];
    case 'DELETE':
      return [named ? 'delete' : 'deletecollection'];
    default:
      throw new TypeError(`not a method of the API: ${method}`);
  }
}
