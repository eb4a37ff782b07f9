"use strict";
// Second implementation of the format: prints all that the schemas, compiled to JavaScript, read in an image.
//
//   NODE_PATH=format/generator/node_modules node read_image.js COMPILED_DIR SCHEMA_DIR IMAGE
//
// Integers are exact: what is beyond 2**53 is read as BigInt and printed as a JSON number of full length. Bytes
// are printed as {"hex": ...}. Bodies stored with zstd are printed as their digest alone: node 20 has no zstd.

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const yaml = require("js-yaml");
const KaitaiStream = require("kaitai-struct/KaitaiStream");

// The runtime makes doubles of 64-bit integers, which lose bits beyond 2**53 (and s8 goes wrong below -2**32).
for (const [name, signed, littleEndian] of [
  ["readU8le", false, true],
  ["readU8be", false, false],
  ["readS8le", true, true],
  ["readS8be", true, false],
]) {
  KaitaiStream.prototype[name] = function () {
    this.ensureBytesLeft(8);
    const view = this._dataView;
    const value = signed ? view.getBigInt64(this.pos, littleEndian) : view.getBigUint64(this.pos, littleEndian);
    this.pos += 8;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  };
}

const [compiledDir, schemaDir, imagePath] = process.argv.slice(2);
const { Crimg } = require(path.resolve(compiledDir, "Crimg.js"));
const { MsgpackValue } = require(path.resolve(compiledDir, "MsgpackValue.js"));
const tables = yaml.load(fs.readFileSync(path.join(schemaDir, "crimg_tables.ksy"), "utf8"));
const container = yaml.load(fs.readFileSync(path.join(schemaDir, "crimg_container.ksy"), "utf8"));

const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const hex = (bytes) => ({ hex: Buffer.from(bytes).toString("hex") });
const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest("hex");

/** JSON text; BigInt becomes a number with all its digits, which JSON.stringify refuses to do. */
function json(value) {
  if (typeof value === "bigint") return value.toString();
  if (value === undefined) return "null";
  if (Array.isArray(value)) return "[" + value.map(json).join(",") + "]";
  if (value !== null && typeof value === "object") {
    return "{" + Object.entries(value).map(([key, item]) => JSON.stringify(key) + ":" + json(item)).join(",") + "}";
  }
  return JSON.stringify(value);
}

/** A MessagePack value; what JSON has no form for becomes an object with one key that names it. */
function plain(value) {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof MsgpackValue)) return value;
  if (value.isNil) return null;
  if (value.isBool) return value.boolValue;
  if (value.isInt) return value.intValue;
  if (value.isFloat) return { float: value.floatValue };
  if (value.isStr) return value.strValue;
  if (value.isBytes) return hex(value.bytesValue);
  if (value.isArray) return value.items.map(plain);
  if (value.isMap) return { map: value.pairs.map((pair) => [plain(pair.key), plain(pair.value)]) };
  return { ext: value.extType, ...hex(value.payload) };
}

function structure(object, type) {
  const fields = container.types[type].seq.map((field) => field.id);
  return Object.fromEntries(fields.map((name) => [name, plain(object[camelCase(name)])]));
}

function row(object, kindName) {
  const columns = Object.keys(tables.types[kindName].instances);
  return Object.fromEntries(columns.map((name) => [name, plain(object[camelCase(name)])]));
}

function batch(object) {
  const name = tables.enums.object_kind[object.kind];
  const rows = object.rows.map((item) => (name ? row(item, name) : { cells: plain(item.cells) }));
  return { kind: object.kindNumber.intValue, name: name || null, rows };
}

function section(frame) {
  // Padding is checked when it is looked at.
  const padding = (frame.padBefore || []).length + (frame.padAfter || []).length;
  return {
    ofs_header: frame.ofsHeader,
    ofs_body: frame.ofsBody,
    ofs_next: frame.ofsNext,
    padding,
    header: structure(frame.header, "section_header"),
    sha256: sha256(frame.rawBody),
    batches: frame.objects && frame.objects.batches.map(batch),
    runs: frame.pagemap && frame.pagemap.runs.map((run) => structure(run, "pagemap_run")),
    extents: frame.blob && frame.blob.prefix.extents.map((extent) => structure(extent, "blob_extent")),
    data: frame.blob && hex(frame.blob.data),
    index: frame.index && frame.index.entries.map((entry) => structure(entry, "index_entry")),
    trailer: frame.trailer && structure(frame.trailer, "trailer_body"),
  };
}

const bytes = fs.readFileSync(imagePath);
const image = new Crimg(new KaitaiStream(bytes));
process.stdout.write(
  json({
    header: structure(image.header, "file_header"),
    trailer: structure(image.trailer, "trailer_body"),
    index_offset: image.index.ofsHeader,
    sections: image.frames.map(section),
  }) + "\n",
);
