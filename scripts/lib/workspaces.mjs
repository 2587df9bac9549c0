// What the workspaces are, and which of them one of them needs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @typedef {{ name: string, folder: string, dependencies: Record<string, string>, builds: boolean }} Workspace */

/** @param {string} path */
export const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** @returns {Workspace[]} folders are relative to the root, with forward slashes */
export function workspaces() {
  /** @type {string[]} */
  const globs = readJson('package.json').workspaces;
  return globs
    .flatMap((glob) => {
      if (!glob.endsWith('/*')) return [glob];
      const parent = glob.slice(0, -2);
      if (!existsSync(join(root, parent))) return [];
      return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
    })
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => {
      const { name, dependencies = {}, scripts = {} } = readJson(`${folder}/package.json`);
      return { name, folder, dependencies, builds: scripts.build !== undefined };
    });
}

/**
 * A workspace and all that it depends on; every workspace when no name is given.
 * @param {string} [name]
 */
export function withDependencies(name) {
  const all = workspaces();
  if (name === undefined) return all;
  /** @type {Set<Workspace>} */
  const found = new Set();
  /** @param {string} wanted */
  const visit = (wanted) => {
    const workspace = all.find((candidate) => candidate.name === wanted);
    if (workspace === undefined || found.has(workspace)) return;
    found.add(workspace);
    Object.keys(workspace.dependencies).forEach(visit);
  };
  visit(name);
  return [...found];
}
