// @ts-check
// The map on the graphics card: one quad for each node; the pods of a node are bytes of a texture that the
// fragment shader looks up. A changed node costs 128 bytes. wasm-bindgen takes this file as it is
// (src/map/painter.rs).

const NODE_BYTES = 128;
/** Nodes in a row of the texture: 2048 texels wide, which every WebGL2 has. */
const IN_A_ROW = 16;

const VERTEX = `#version 300 es
layout(location = 0) in vec2 corner;
layout(location = 1) in vec2 place;
uniform vec2 eye;
uniform vec2 size;
uniform float scale;
out vec2 at;
flat out int node;
void main() {
  vec2 low = floor((place - eye) * scale + size * 0.5 + 0.5);
  vec2 high = floor((place + 1.0 - eye) * scale + size * 0.5 + 0.5);
  float gap = scale >= 5.0 ? floor(clamp(scale * 0.03, 1.0, 10.0)) : 0.0;
  vec2 extent = max(high - low - gap, vec2(1.0));
  at = corner * extent;
  vec2 clip = (low + at) / size * 2.0 - 1.0;
  gl_Position = vec4(clip.x, -clip.y, 0.0, 1.0);
  node = gl_InstanceID;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
in vec2 at;
flat in int node;
uniform usampler2D marks;
uniform vec3 colours[16];
uniform float scale;
uniform ivec2 grid;
out vec4 colour;

uint byteAt(int index) {
  return texelFetch(marks, ivec2((node % ${IN_A_ROW}) * ${NODE_BYTES} + index, node / ${IN_A_ROW}), 0).r;
}

// In the order of src/map/painter.rs.
const int PANEL = 9, LINE = 10, MUTED = 11, PURPLE = 12, SLATE = 13, AMBER = 14, RED = 15;

vec3 groundOf(uint light) {
  if (light == 1u) return mix(colours[PANEL], colours[AMBER], 0.3);
  if (light == 2u) return mix(colours[PANEL], colours[LINE], 0.7);
  if (light == 3u) return mix(colours[PANEL], colours[MUTED], 0.45);
  return colours[PANEL];
}

bool troubled(uint mark) {
  uint state = mark & 15u;
  return (mark & 64u) != 0u || state == 3u || state == 4u || state == 5u || state == 8u;
}

/** Below nought inside of a rounded box. */
float box(vec2 p, vec2 half_, float r) {
  vec2 q = abs(p) - half_ + r;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - r;
}

void main() {
  uint light = byteAt(0), flags = byteAt(1);
  int count = int(byteAt(2));
  vec3 ground = groundOf(light);
  colour = vec4(ground, 1.0);
  float gap = scale >= 5.0 ? floor(clamp(scale * 0.03, 1.0, 10.0)) : 0.0;
  float extent = scale - gap;
  if (scale >= 12.0 && flags != 0u && at.y < 1.0 + floor(extent / 24.0)) {
    colour.rgb = (flags & 1u) != 0u ? colours[RED] : colours[MUTED];
    return;
  }
  float inset = extent >= 24.0 ? 2.0 : extent >= 8.0 ? 1.0 : 0.0;
  vec2 pitches = vec2(extent - 2.0 * inset) / vec2(grid);
  float pitch = min(pitches.x, pitches.y);
  vec2 inner = at - inset;
  if (pitch <= 0.0 || inner.x < 0.0 || inner.y < 0.0) return;
  ivec2 slot = ivec2(inner / pitches);
  if (slot.x >= grid.x || slot.y >= grid.y) return;
  int pod = slot.y * grid.x + slot.x;
  if (pod >= count) return;
  uint mark = byteAt(4 + pod);
  // Where several pods share a pixel, the one in trouble is seen.
  if (pitch < 1.0 && pod + 1 < count && !troubled(mark)) {
    uint next = byteAt(5 + pod);
    if (troubled(next)) mark = next;
  }
  uint state = mark & 15u, origin = (mark >> 4) & 3u;
  bool differs = (mark & 64u) != 0u, system_ = (mark & 128u) != 0u;
  float strength = state == 0u ? 0.45 : state == 2u && system_ ? 0.5 : 1.0;
  vec3 full = mix(ground, colours[min(state, 8u)], strength);
  if (pitch < 3.0) {
    if (origin == 1u) full = mix(full, colours[PURPLE], 0.45);
    if (origin == 2u) full = mix(full, colours[SLATE], 0.35);
    colour.rgb = differs ? colours[AMBER] : full;
    return;
  }
  float between = pitch >= 14.0 ? 2.0 : 1.0;
  vec2 middle = inner - (vec2(slot) + 0.5) * pitches;
  vec2 half_ = (pitches - between) * 0.5;
  float least = min(half_.x, half_.y);
  float round_ = origin == 0u ? least * 0.55 : origin == 1u ? least * 0.12 : 0.0;
  // Others than daemon and static pods stand on a corner.
  float d = origin == 2u && pitch >= 6.0 ? (abs(middle.x) + abs(middle.y) - least * 1.15) * 0.7071 : box(middle, half_, round_);
  float cover = clamp(0.5 - d, 0.0, 1.0);
  vec3 shown = full;
  float border = max(1.0, pitch / 10.0);
  if (pitch >= 6.0 && (state == 0u || differs)) {
    float inside = clamp(0.5 - d - border, 0.0, 1.0);
    vec3 edge = differs ? colours[AMBER] : colours[min(state, 8u)];
    shown = mix(edge, differs ? full : ground, inside);
  } else if (differs) {
    shown = colours[AMBER];
  }
  // A static pod is a sheet with a folded corner.
  if (origin == 1u) {
    float fold = least * 0.75;
    vec2 corner_ = vec2(half_.x - middle.x, middle.y + half_.y);
    if (corner_.x + corner_.y < fold) cover *= pitch >= 8.0 ? 0.0 : 1.0;
    if (corner_.x + corner_.y < fold * 1.5) shown = colours[PURPLE];
  }
  if (origin == 2u && pitch < 6.0) shown = mix(shown, colours[SLATE], 0.35);
  colour.rgb = mix(ground, shown, cover);
}`;

/** @param {WebGL2RenderingContext} gl @param {number} kind @param {string} text */
function shader(gl, kind, text) {
  const made = gl.createShader(kind);
  if (!made) return undefined;
  gl.shaderSource(made, text);
  gl.compileShader(made);
  return made;
}

/** @param {WebGL2RenderingContext} gl */
function program(gl) {
  const made = gl.createProgram();
  const vertex = shader(gl, gl.VERTEX_SHADER, VERTEX);
  const fragment = shader(gl, gl.FRAGMENT_SHADER, FRAGMENT);
  if (!made || !vertex || !fragment) return undefined;
  gl.attachShader(made, vertex);
  gl.attachShader(made, fragment);
  gl.linkProgram(made);
  return gl.getProgramParameter(made, gl.LINK_STATUS) ? made : undefined;
}

export class MapGl {
  /** @param {HTMLCanvasElement} canvas @param {WebGL2RenderingContext} gl @param {WebGLProgram} used */
  constructor(canvas, gl, used) {
    this.canvas = canvas;
    this.gl = gl;
    this.count = 0;
    /** @param {string} name */
    const uniform = (name) => gl.getUniformLocation(used, name);
    this.uniforms = {
      eye: uniform("eye"),
      size: uniform("size"),
      scale: uniform("scale"),
      grid: uniform("grid"),
      colours: uniform("colours"),
    };
    gl.useProgram(used);
    const corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    this.places = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribPointer(1, 2, gl.FLOAT, false, 0, 0);
    gl.vertexAttribDivisor(1, 1);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
    }
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.clearColor(0, 0, 0, 0);
  }

  isLost() {
    return this.gl.isContextLost();
  }

  /** @param {number} count @param {Float32Array} places @param {Uint8Array} marks */
  setNodes(count, places, marks) {
    const { gl } = this;
    this.count = count;
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.DYNAMIC_DRAW);
    const width = IN_A_ROW * NODE_BYTES;
    const height = Math.max(1, Math.ceil(count / IN_A_ROW));
    const padded = new Uint8Array(width * height);
    padded.set(marks);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, width, height, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, padded);
  }

  /** @param {number} at @param {Uint8Array} marks */
  setNode(at, marks) {
    const { gl } = this;
    const [x, y] = [(at % IN_A_ROW) * NODE_BYTES, Math.floor(at / IN_A_ROW)];
    gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, NODE_BYTES, 1, gl.RED_INTEGER, gl.UNSIGNED_BYTE, marks);
  }

  /** @param {Float32Array} colours */
  setColours(colours) {
    this.gl.uniform3fv(this.uniforms.colours, colours);
  }

  /** @param {number} x @param {number} y @param {number} scale @param {number} columns @param {number} rows */
  draw(x, y, scale, columns, rows) {
    const { gl, uniforms, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(uniforms.eye, x, y);
    gl.uniform2f(uniforms.size, canvas.width, canvas.height);
    gl.uniform1f(uniforms.scale, scale);
    gl.uniform2i(uniforms.grid, columns, rows);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
  }
}

/**
 * Whether the processor only imitates a graphics card. Painting pixels ourselves is quicker by far then, and
 * not every browser heeds `failIfMajorPerformanceCaveat`.
 *
 * @param {WebGL2RenderingContext} gl
 */
function isImitated(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  return /swiftshader|llvmpipe|softpipe|basic render|software/i.test(name);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {MapGl | undefined}
 */
export function createMapGl(canvas) {
  const query = new URLSearchParams(location.search);
  if (query.has("no-webgl")) return undefined;
  const anyway = query.has("webgl");
  const options = {
    alpha: true,
    antialias: false,
    depth: false,
    failIfMajorPerformanceCaveat: !anyway,
    preserveDrawingBuffer: true,
  };
  /** @param {HTMLCanvasElement} of */
  const context = (of) => /** @type {WebGL2RenderingContext | null} */ (of.getContext("webgl2", options));
  // A probe, as a canvas that has given one kind of context gives no other.
  const probe = context(document.createElement("canvas"));
  if (!probe || !program(probe) || (!anyway && isImitated(probe))) return undefined;
  probe.getExtension("WEBGL_lose_context")?.loseContext();
  const gl = context(canvas);
  const used = gl ? program(gl) : undefined;
  return gl && used ? new MapGl(canvas, gl, used) : undefined;
}
