/**
 * What we use of the database driver, to be imported when needed. The package itself must not be: bundled, a package
 * in CommonJS that is imported so has nothing but a default export.
 */
export { createConnection } from 'mysql2';
