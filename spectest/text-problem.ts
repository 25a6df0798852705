/** The text of a module does not parse, says the parser of the text format (convert.ts). */
export class TextProblem extends Error {}
