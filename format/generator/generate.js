"use strict";
// Compiles the schemas of this directory's parent.
//
//   node generate.js [OUT_DIR]                  the package of read-write Python modules; default ../generated
//   node generate.js --javascript OUT_DIR       read-only JavaScript modules, for the second implementation
//
// The npm compiler fixes readWrite=false and offers no option for it, though the code that makes read-write
// classes is in it (`-w` of the Java compiler sets three fields). Its Scala constructor assigns these fields by
// plain assignment, so accessors on the prototype of all its objects, with a setter that does nothing, give
// them the values of `-w`. This depends on the names in one version of the compiler: hence the two checks.

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const compiler = require("kaitai-struct-compiler");
const yaml = require("js-yaml");

const COMPILER_VERSION = "0.11.0";
const SCHEMA_DIR = path.resolve(__dirname, "..");
const ROOT_SCHEMA = "crimg";
const READ_WRITE_PYTHON = {
  readWrite: true,
  autoRead: false,
  zeroCopySubstream: false,
  pythonPackage: ".",
};

function overrideRuntimeConfig(values) {
  let proto = compiler;
  for (let next; (next = Object.getPrototypeOf(proto)) !== Object.prototype; ) proto = next;
  for (const [field, value] of Object.entries(values)) {
    Object.defineProperty(proto, "Lio_kaitai_struct_RuntimeConfig__f_" + field, { get: () => value, set() {} });
  }
}

function loadSchema(name) {
  return yaml.load(fs.readFileSync(path.join(SCHEMA_DIR, name + ".ksy"), "utf8"));
}

const importer = { importYaml: (name) => Promise.resolve(loadSchema(path.basename(name))) };

const PACKAGE_DOC = `"""Made by format/generator/generate.js from format/*.ksy; not to be edited.

SHA256SUMS holds the digests of what they were made from.
"""
`;

/** Digests of all that the modules are made from: "sha256sum -c generated/SHA256SUMS" in the schemas' directory. */
function sourceDigests() {
  const schemas = fs.readdirSync(SCHEMA_DIR).filter((name) => name.endsWith(".ksy"));
  return [...schemas, "generator/generate.js", "generator/package-lock.json"]
    .sort()
    .map((name) => {
      const hash = crypto.createHash("sha256").update(fs.readFileSync(path.join(SCHEMA_DIR, name)));
      return `${hash.digest("hex")}  ${name}\n`;
    })
    .join("");
}

function checkPython(files) {
  for (const [name, text] of Object.entries(files)) {
    if (!text.includes("ReadWriteKaitaiStruct")) throw new Error(`${name}: the compiler made a read-only class`);
  }
}

async function main(args) {
  if (compiler.version !== COMPILER_VERSION) {
    throw new Error(`kaitai-struct-compiler ${compiler.version}: this script needs ${COMPILER_VERSION}`);
  }
  const javascript = args[0] === "--javascript";
  const outDir = javascript ? args[1] : args[0] || path.join(SCHEMA_DIR, "generated");
  if (!outDir || args.length > (javascript ? 2 : 1)) {
    throw new Error("usage: node generate.js [OUT_DIR] | node generate.js --javascript OUT_DIR");
  }
  if (!javascript) overrideRuntimeConfig(READ_WRITE_PYTHON);
  const files = await compiler.compile(javascript ? "javascript" : "python", loadSchema(ROOT_SCHEMA), importer, false);
  if (!javascript) {
    checkPython(files);
    files["__init__.py"] = PACKAGE_DOC;
    files["SHA256SUMS"] = sourceDigests();
  }
  fs.mkdirSync(outDir, { recursive: true });
  for (const name of Object.keys(files).sort()) fs.writeFileSync(path.join(outDir, name), files[name]);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`generate: ${error.message || error}`);
  process.exitCode = 1;
});
