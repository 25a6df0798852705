/**
 * The compiler's version, as in package.json (a test compares them): stored code of another version is not used.
 */
export const COMPILER_VERSION = '0.1.0';
