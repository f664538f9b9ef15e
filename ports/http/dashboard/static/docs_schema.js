// Reading JSON Schema as OpenAPI 3.1 uses it: names of types, fields, examples.

import { el } from "./dom.js";

const DEPTH = 6; // schemas may refer to themselves
const PREFIX = "#/components/schemas/";
const HIDDEN = new Set(["$schema"]); // a link to the schema, not data

// resolve follows a $ref; siblings of the $ref, such as a description, win.
export function resolve(spec, schema) {
  if (!schema?.$ref) return schema ?? {};
  const { $ref, ...own } = schema;
  return { ...(spec.components?.schemas?.[$ref.replace(PREFIX, "")] ?? {}), ...own };
}

// bodyOf is the schema of a request or answer and the example given for it.
export function bodyOf(owner) {
  const media = Object.values(owner?.content ?? {})[0];
  const example = media?.example ?? Object.values(media?.examples ?? {})[0]?.value;
  return { schema: media?.schema, example };
}

function types(schema) {
  return [schema.type ?? (schema.properties ? "object" : "any")].flat();
}

// typeName says in a few words what a value may be.
export function typeName(spec, raw) {
  const schema = resolve(spec, raw);
  const kinds = types(schema).filter((type) => type !== "null");
  let name = kinds.join(" or ");
  if (kinds.includes("array")) name = `list of ${typeName(spec, schema.items)}`;
  if (schema.enum) name = schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.format && !schema.enum) name += ` (${schema.format})`;
  if (types(schema).includes("null")) name += " or null";
  return [name, range(schema), schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`].filter(Boolean).join(", ");
}

function range(schema) {
  const bounds = [
    ["minimum", "from"], ["exclusiveMinimum", "above"], ["maximum", "to"], ["exclusiveMaximum", "below"],
    ["minLength", "min length"], ["maxLength", "max length"],
  ];
  return bounds.filter(([key]) => schema[key] !== undefined).map(([key, word]) => `${word} ${schema[key]}`).join(" ");
}

// schemaView lists the fields of a schema; nested ones unfold. What must be
// given is marked in a request; in an answer nearly all is always there.
export function schemaView(spec, raw, isRequest, depth = 0) {
  const schema = resolve(spec, raw);
  if (types(schema).includes("array")) {
    return el("div", {}, el("span", { class: "type" }, typeName(spec, raw)), fieldsOf(spec, schema.items) ? schemaView(spec, schema.items, isRequest, depth + 1) : null);
  }
  const fields = fieldsOf(spec, schema);
  if (!fields) return el("span", { class: "type" }, typeName(spec, raw));
  return el("ul", { class: "schema" }, ...fields.map(([name, field]) => fieldView(spec, name, field, { isRequest, required: isRequest && schema.required?.includes(name) }, depth)));
}

function fieldsOf(spec, raw) {
  const fields = Object.entries(resolve(spec, raw).properties ?? {}).filter(([name]) => !HIDDEN.has(name));
  return fields.length ? fields : null;
}

function fieldView(spec, name, raw, { isRequest, required }, depth) {
  const field = resolve(spec, raw);
  const nested = types(field).includes("array") ? field.items : field;
  return el(
    "li",
    {},
    el("code", {}, name),
    el("span", { class: "type" }, typeName(spec, raw)),
    required ? el("span", { class: "must" }, "required") : null,
    field.description ? el("p", {}, field.description) : null,
    depth < DEPTH && fieldsOf(spec, nested) ? el("details", {}, el("summary", {}, "fields"), schemaView(spec, nested, isRequest, depth + 1)) : null,
  );
}

// exampleOf makes a plausible value where the document gives none.
export function exampleOf(spec, raw, depth = 0) {
  const schema = resolve(spec, raw);
  const given = schema.example ?? schema.examples?.[0] ?? schema.default ?? schema.enum?.[0];
  if (given !== undefined) return given;
  if (depth > DEPTH) return null;
  switch (types(schema).find((type) => type !== "null")) {
    case "array":
      return [exampleOf(spec, schema.items, depth + 1)];
    case "object":
      return Object.fromEntries((fieldsOf(spec, schema) ?? []).map(([name, field]) => [name, exampleOf(spec, field, depth + 1)]));
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    case "string":
      return { "date-time": "2026-01-31T12:00:00.000Z", uri: "https://example.com" }[schema.format] ?? "text";
    default:
      return undefined;
  }
}
