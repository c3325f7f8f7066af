// node --stack-size=8000 spill.mjs IN OUT: makes MicroPython's collector see what C keeps in wasm's locals.
//
// The collector finds live objects by looking at the stack in memory. What a compiler for wasm keeps in locals and on the
// operand stack is not in memory, so an object that only a local refers to would be freed while it is in use. binaryen's
// pass spill-pointers writes what is live behind a call to the stack before the call. It sees locals only, so first
//   flatten                      every value gets a local (it knows the older exceptions only, hence the order here);
//   simplify-locals-nonesting, dce, vacuum, coalesce-locals, reorder-locals, vacuum
//                                few locals again, still flat: straight after flatten, the interpreter's loop would have
//                                a frame of 18 KB, and so 128 bytes.
// It costs half of the interpreter's speed, so it is left out where no collection can come: in functions from which no
// call leads to gc_collect. A call through a table may lead anywhere, and so may a call of the host that lets the other
// core run, because that one may collect.
// vm_loop (see patches/vm-loop.patch) is never spilled: all its values are in the frame that the collector knows of,
// the code_state, or are found again from it.
import fs from "node:fs";
import binaryen from "../node_modules/binaryen/index.js";

const NEVER_SPILLED = new Set(["vm_loop"]);
// Imports behind which the other core may have run; the others come back before anything else happens on this board.
const CORES_CHANGE = ["host_wait_us", "host_give_way", "host_await_other_core"];
const SPILL = ["flatten", "simplify-locals-nonesting", "dce", "vacuum", "coalesce-locals", "reorder-locals", "vacuum",
  "spill-pointers"];

const [input, output] = process.argv.slice(2);
const module = binaryen.readBinary(fs.readFileSync(input));
module.setFeatures(binaryen.Features.ExceptionHandling | binaryen.Features.ReferenceTypes | binaryen.Features.BulkMemory
  | binaryen.Features.BulkMemoryOpt | binaryen.Features.SignExt | binaryen.Features.NontrappingFPToInt
  | binaryen.Features.Multivalue | binaryen.Features.MutableGlobals | binaryen.Features.ExtendedConst);

// Who calls whom, from the module's text: the API has no walk over expressions.
function calls() {
  const found = new Map();
  let callees;
  for (const line of module.emitText().split("\n")) {
    const start = /^ \(func \$(\S+)/.exec(line);
    if (start) {
      callees = new Set();
      found.set(start[1], callees);
    }
    if (callees) {
      for (const call of line.matchAll(/\(call \$([^\s)]+)/g)) callees.add(call[1]);
      if (line.includes("(call_indirect")) callees.add("*");
    }
  }
  return found;
}

function leadingTo(ends, graph) {
  const leading = new Set(ends);
  for (let grew = true; grew;) {
    grew = false;
    for (const [caller, callees] of graph) {
      if (!leading.has(caller) && [...callees].some((callee) => leading.has(callee))) {
        leading.add(caller);
        grew = true;
      }
    }
  }
  return leading;
}

const graph = calls();
for (const name of ["gc_collect", ...NEVER_SPILLED]) {
  if (!graph.has(name)) throw new Error(`${input}: has no function ${name}`);
}
const mayCollect = leadingTo(["*", "gc_collect", ...CORES_CHANGE], graph);
binaryen.setOptimizeLevel(2);
binaryen.setShrinkLevel(0);
let spilled = 0;
for (let index = 0; index < module.getNumFunctions(); index++) {
  const { name, module: importedFrom } = binaryen.getFunctionInfo(module.getFunctionByIndex(index));
  if (!importedFrom && mayCollect.has(name) && !NEVER_SPILLED.has(name)) {
    module.runPassesOnFunction(module.getFunction(name), SPILL);
    spilled++;
  }
}
module.optimize();
module.runPasses(["translate-to-exnref", "strip-debug", "strip-producers"]);
if (!module.validate()) throw new Error(`${output}: not valid`);
fs.writeFileSync(output, module.emitBinary());
console.log(`${spilled} of ${graph.size} functions spill their pointers`);
