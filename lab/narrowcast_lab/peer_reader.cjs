// Reads faces with a peer of npm, one at a time on one thread: `node peer_reader.cjs NAME FOLDER`.
//
// Faces come on standard input, gray, 96x96 bytes each. JSON goes to standard output: the peer's
// emotion words, a share of each a face, and what the reading took. FOLDER holds node_modules.
// The peers' face detectors are left out: a face comes cropped. Of `human` only the emotion network
// is loaded, and fed as its src/gear/emotion.ts does; its own class would first look for a face.
"use strict";
const fs = require("fs");
const path = require("path");

const SIDE = 96;
const WARM_UP = 20;
const STATUS = "/proc/self/status";
const [name, folder] = process.argv.slice(2);
const modules = path.resolve(folder, "node_modules");
const load = (module) => require(path.join(modules, module));

async function human() {
  const tf = load("@tensorflow/tfjs-core");
  const models = path.join(modules, "@vladmandic", "human", "models");
  const graph = JSON.parse(fs.readFileSync(path.join(models, "emotion.json")));
  const weights = new Uint8Array(fs.readFileSync(path.join(models, "emotion.bin"))).buffer;
  const { modelTopology, weightsManifest } = graph;
  const network = await load("@tensorflow/tfjs-converter").loadGraphModel({
    load: async () => ({
      modelTopology,
      weightSpecs: weightsManifest.flatMap((part) => part.weights),
      weightData: weights,
    }),
  });
  const side = network.inputs[0].shape[2];
  return {
    words: ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"],
    read: (face) => {
      const gray = tf.image.resizeBilinear(tf.tensor4d(face, [1, SIDE, SIDE, 1]), [side, side]);
      return network.execute(tf.sub(tf.div(gray, 127.5), 1));
    },
  };
}

async function faceapi() {
  const tf = load("@tensorflow/tfjs");
  const api = load("@vladmandic/face-api/dist/face-api.node-wasm.js");
  await api.nets.faceExpressionNet.loadFromDisk(path.join(modules, "@vladmandic/face-api/model"));
  return {
    words: ["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"],
    read: (face) => {
      const rgb = tf.tensor3d(face, [SIDE, SIDE, 1]).tile([1, 1, 3]);
      return api.nets.faceExpressionNet.forwardInput(new api.NetInput([rgb]));
    },
  };
}

async function main() {
  const tf = load("@tensorflow/tfjs-core");
  const wasm = load("@tensorflow/tfjs-backend-wasm");
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  wasm.setWasmPaths(path.join(modules, "@tensorflow/tfjs-backend-wasm/dist/"));
  await tf.setBackend("wasm");
  const { words, read } = await { human, "face-api": faceapi }[name]();
  const bytes = fs.readFileSync(0);
  const faces = [];
  for (let at = 0; at < bytes.length; at += SIDE * SIDE)
    faces.push(Float32Array.from(bytes.subarray(at, at + SIDE * SIDE)));
  const shares = (face) => tf.tidy(() => Array.from(read(face).dataSync()));
  faces.slice(0, WARM_UP).forEach(shares);
  const before = process.cpuUsage();
  const all = faces.map(shares);
  const spent = process.cpuUsage(before);
  const cpu_ms_a_face = (spent.user + spent.system) / 1000 / faces.length;
  const { version } = load(`@vladmandic/${name}/package.json`);
  // Not maxRSS of resourceUsage(), which begins at that of the process that started this one.
  const status = fs.existsSync(STATUS) ? fs.readFileSync(STATUS, "latin1") : "";
  const peak_mb = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? NaN) / 1000;
  process.stdout.write(JSON.stringify({ version, words, shares: all, cpu_ms_a_face, peak_mb }));
}

main().catch((error) => {
  console.error(error.message.split("\n")[0]);
  process.exit(1);
});
