/** Links between the pages of the repository lead to files and headings that exist. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkoutFolder } from '../cluster/machine/folders.ts';

const pages = globSync('**/*.md', {
  cwd: checkoutFolder,
  exclude: (name) => /(^|\/)(node_modules|dist)$/.test(name),
});

/** A page without its blocks of code, which hold neither links nor headings. */
function readPage(path: string): string {
  return readFileSync(join(checkoutFolder, path), 'utf8').replaceAll(/^```.*?^```/gms, '');
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): ReadonlySet<string> {
  return new Set(
    [...readPage(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What is wrong with a link on a page; undefined where nothing is, or where it leads elsewhere. */
function faultOf(page: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) {
    return undefined;
  }
  const [path = '', anchor = ''] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(checkoutFolder, file))) {
    return `${page}: ${target} is not there`;
  }
  return anchor === '' || anchorsOf(file).has(anchor) ? undefined : `${page}: ${target} has no such heading`;
}

describe('the pages of the repository', () => {
  it('link to files and headings that exist', () => {
    const links = pages.flatMap((page) =>
      [...readPage(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
    );
    expect(links.length).toBeGreaterThan(200);
    expect(links.map(({ page, target }) => faultOf(page, target)).filter(Boolean)).toEqual([]);
  });
});
