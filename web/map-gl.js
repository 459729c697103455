// @ts-check
// The map on the graphics card: one quad for each node; the pods of a node are bytes of a texture that the
// fragment shader looks up, and a second texture has the colours of each kind of pod. A changed node costs
// 128 bytes. wasm-bindgen takes this file as it is (src/map/painter.rs); the names in capitals are the numbers
// of src/map/numbers.rs.

/** @param {string} numbers */
const vertexText = (numbers) => `#version 300 es
${numbers}
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
  float gap = scale >= GAP_FROM ? floor(clamp(scale * GAP_SHARE, GAP_LEAST, GAP_MOST)) : 0.0;
  vec2 extent = max(high - low - gap, vec2(1.0));
  at = corner * extent;
  vec2 clip = (low + at) / size * 2.0 - 1.0;
  gl_Position = vec4(clip.x, -clip.y, 0.0, 1.0);
  node = gl_InstanceID;
}`;

/** @param {string} numbers */
const fragmentText = (numbers) => `#version 300 es
${numbers}
precision highp float;
precision highp int;
precision highp usampler2D;
in vec2 at;
flat in int node;
uniform usampler2D marks;
uniform sampler2D inks;
uniform vec3 colours[8];
uniform float scale;
uniform ivec2 grid;
out vec4 colour;

// In the order of src/map/painter.rs, after the grounds of nodes.
const int MUTED = 4, PURPLE = 5, SLATE = 6, RED = 7;
// In the order of src/map/inks.rs.
const int FILL = 0, EDGE = 1, SMALL = 2;
// In the order of view::Origin.
const int DAEMONSET = 0, STATIC = 1, API = 2;

int byteAt(int index) {
  ivec2 place = ivec2((node % NODES_IN_A_ROW) * NODE_BYTES + index, node / NODES_IN_A_ROW);
  return int(texelFetch(marks, place, 0).r);
}

vec4 inkOf(int mark, int light, int row) {
  return texelFetch(inks, ivec2(mark, light * INK_ROWS + row), 0);
}

int traitsOf(int mark, int light) {
  return int(inkOf(mark, light, FILL).a * 255.0 + 0.5);
}

/** Below nought inside of a rounded box. */
float box(vec2 p, vec2 half_, float r) {
  vec2 q = abs(p) - half_ + r;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - r;
}

void main() {
  int light = byteAt(0), flags = byteAt(1), count = byteAt(2);
  vec3 ground = colours[light];
  colour = vec4(ground, 1.0);
  float gap = scale >= GAP_FROM ? floor(clamp(scale * GAP_SHARE, GAP_LEAST, GAP_MOST)) : 0.0;
  float extent = scale - gap;
  if (scale >= BAR_FROM && flags != 0 && at.y < 1.0 + floor(extent / BAR_STEP)) {
    colour.rgb = (flags & FLAG_STOPPED) != 0 ? colours[RED] : colours[MUTED];
    return;
  }
  float inset = extent >= INSET_TWO_FROM ? 2.0 : extent >= INSET_FROM ? 1.0 : 0.0;
  vec2 pitches = vec2(extent - 2.0 * inset) / vec2(grid);
  float pitch = min(pitches.x, pitches.y);
  vec2 inner = at - inset;
  if (pitch <= 0.0 || inner.x < 0.0 || inner.y < 0.0) return;
  ivec2 slot = ivec2(inner / pitches);
  if (slot.x >= grid.x || slot.y >= grid.y) return;
  int pod = slot.y * grid.x + slot.x;
  if (pod >= count) return;
  int mark = byteAt(NODE_HEAD + pod);
  int traits = traitsOf(mark, light);
  // Where several pods share a pixel, the one in trouble is seen.
  if (pitch < 1.0 && pod + 1 < count && (traits & INK_TROUBLED) == 0) {
    int next = byteAt(NODE_HEAD + 1 + pod);
    if ((traitsOf(next, light) & INK_TROUBLED) != 0) mark = next;
  }
  if (pitch < FORM_FROM) {
    colour.rgb = inkOf(mark, light, SMALL).rgb;
    return;
  }
  int origin = traits & INK_ORIGIN;
  float between = pitch >= WIDE_FROM ? 2.0 : 1.0;
  vec2 middle = inner - (vec2(slot) + 0.5) * pitches;
  vec2 half_ = (pitches - between) * 0.5;
  float least = min(half_.x, half_.y);
  float round_ = origin == DAEMONSET ? least * 0.55 : origin == STATIC ? least * 0.12 : 0.0;
  // Others than daemon and static pods stand on a corner.
  bool corner = origin == API && pitch >= HOLLOW_FROM;
  float d = corner ? (abs(middle.x) + abs(middle.y) - least * 1.15) * 0.7071 : box(middle, half_, round_);
  float cover = clamp(0.5 - d, 0.0, 1.0);
  vec3 shown = inkOf(mark, light, EDGE).rgb;
  if (pitch >= HOLLOW_FROM && (traits & INK_HOLLOW) != 0) {
    float border = max(1.0, pitch * BORDER_SHARE);
    shown = mix(shown, inkOf(mark, light, FILL).rgb, clamp(0.5 - d - border, 0.0, 1.0));
  }
  // A static pod is a sheet with a folded corner.
  if (origin == STATIC) {
    float fold = least * 0.75;
    vec2 corner_ = vec2(half_.x - middle.x, middle.y + half_.y);
    if (corner_.x + corner_.y < fold) cover *= pitch >= 8.0 ? 0.0 : 1.0;
    if (corner_.x + corner_.y < fold * 1.5) shown = colours[PURPLE];
  }
  if (origin == API && pitch < HOLLOW_FROM) shown = mix(shown, colours[SLATE], 0.35);
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

/** @param {WebGL2RenderingContext} gl @param {string} numbers */
function program(gl, numbers) {
  const made = gl.createProgram();
  const vertex = shader(gl, gl.VERTEX_SHADER, vertexText(numbers));
  const fragment = shader(gl, gl.FRAGMENT_SHADER, fragmentText(numbers));
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
    for (const [unit, name] of ["marks", "inks"].entries()) {
      gl.uniform1i(uniform(name), unit);
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
        gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
      }
    }
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.clearColor(0, 0, 0, 0);
  }

  isLost() {
    return this.gl.isContextLost();
  }

  /** @param {number} count @param {Float32Array} places @param {number} width @param {Uint8Array} marks */
  setNodes(count, places, width, marks) {
    const { gl } = this;
    this.count = count;
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.DYNAMIC_DRAW);
    gl.activeTexture(gl.TEXTURE0);
    const height = marks.length / width;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, width, height, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, marks);
  }

  /** @param {number} x @param {number} y @param {Uint8Array} marks */
  setNode(x, y, marks) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, marks.length, 1, gl.RED_INTEGER, gl.UNSIGNED_BYTE, marks);
  }

  /** @param {Float32Array} colours @param {number} width @param {Uint8Array} inks */
  setColours(colours, width, inks) {
    const { gl } = this;
    gl.uniform3fv(this.uniforms.colours, colours);
    gl.activeTexture(gl.TEXTURE1);
    const height = inks.length / 4 / width;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, inks);
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
 * not every browser observes `failIfMajorPerformanceCaveat`.
 *
 * @param {WebGL2RenderingContext} gl
 */
function isImitated(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  return /swiftshader|llvmpipe|softpipe|basic render|software/i.test(name);
}

/**
 * `numbers` are the first lines of both shaders.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {string} numbers
 * @returns {MapGl | undefined}
 */
export function createMapGl(canvas, numbers) {
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
  if (!probe || !program(probe, numbers) || (!anyway && isImitated(probe))) return undefined;
  probe.getExtension("WEBGL_lose_context")?.loseContext();
  const gl = context(canvas);
  const used = gl ? program(gl, numbers) : undefined;
  return gl && used ? new MapGl(canvas, gl, used) : undefined;
}
