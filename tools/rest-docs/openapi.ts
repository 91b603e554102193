import type { EXAMPLES } from '../../edge/http/openapi/examples.js';

/** The parts of an OpenAPI document that are read here, as edge/http/openapi writes them. */
export interface OpenApi {
  readonly tags: readonly { readonly name: string }[];
  /** By path, then by method in small letters. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** A method of a path. */
export interface Operation {
  readonly operationId: keyof typeof EXAMPLES;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** One of these is enough; an empty one is nobody's. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: JsonContent };
  /** By status. */
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: JsonContent }>>;
}

/** A parameter of the path, the query or the head. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface JsonContent {
  readonly 'application/json': { readonly schema: Schema; readonly example?: unknown };
}

/** The part of JSON Schema that the document has. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly additionalProperties?: Schema;
}
