import { parse } from '@babel/parser';

/** One comment block that begins with two stars. */
export interface DocComment {
  line: number;
  /** Its words, without stars and line ends. */
  text: string;
}

/** One exported declaration, or one member of an exported interface. */
export interface Documentable {
  line: number;
  isDocumented: boolean;
}

/** What a source file documents, and what it should. */
export interface DocumentedSource {
  comments: readonly DocComment[];
  exports: readonly Documentable[];
  members: readonly Documentable[];
}

interface Node {
  leadingComments?: readonly { type: string; value: string }[] | null;
  loc?: { start: { line: number } } | null;
}

/** Reads the doc comments of a TypeScript source, and what it exports. */
export function readDocComments(source: string): DocumentedSource {
  const { program, comments } = parse(source, {
    sourceType: 'module',
    plugins: ['typescript', 'jsx'],
    attachComment: true,
  });
  const exported = program.body.flatMap((node) =>
    node.type === 'ExportNamedDeclaration' && node.declaration != null ? [{ node, of: node.declaration }] : [],
  );
  return {
    comments: (comments ?? [])
      .filter(isDoc)
      .map(({ value, loc }) => ({ line: loc?.start.line ?? 0, text: words(value) })),
    exports: exported.map(({ node }) => toDocumentable(node)),
    members: exported.flatMap(({ of }) =>
      of.type === 'TSInterfaceDeclaration' ? of.body.body.map((member) => toDocumentable(member)) : [],
    ),
  };
}

function toDocumentable(node: Node): Documentable {
  return { line: node.loc?.start.line ?? 0, isDocumented: (node.leadingComments ?? []).some(isDoc) };
}

function isDoc({ type, value }: { type: string; value: string }): boolean {
  return type === 'CommentBlock' && value.startsWith('*');
}

function words(comment: string): string {
  return comment
    .replace(/^\*/, '')
    .replace(/\n\s*\*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
