"""Software or hardware OpenGL into a picture: the only file that speaks to the graphics card.

The stage draws off screen into a multisampled buffer and hands back a ``QImage``. The window stays
a plain raster window: with software GL a GL widget would make Qt compose the whole window through
GL at every repaint of any other widget.
"""

from __future__ import annotations

import logging

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext, QSurfaceFormat
from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLFramebufferObjectFormat
from vispy import gloo
from vispy.gloo.context import FakeCanvas, set_current_canvas

logger = logging.getLogger(__name__)

FINE_SAMPLES = 4  # per pixel, for a picture that stands still
SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swrast", "SwiftShader")
VERTEX = np.dtype(
    [("a_position", "f4", 3), ("a_normal", "f4", 3), ("a_color", "f4", 4), ("a_glow", "f4")]
)

_SOLID_VERTEX = """
uniform mat4 u_view; uniform mat4 u_projection;
attribute vec3 a_position; attribute vec3 a_normal; attribute vec4 a_color; attribute float a_glow;
varying vec3 v_normal; varying vec3 v_eye; varying vec4 v_color; varying float v_glow;
void main() {
    vec4 eye = u_view * vec4(a_position, 1.0);
    v_eye = -eye.xyz; v_normal = (u_view * vec4(a_normal, 0.0)).xyz;
    v_color = a_color; v_glow = a_glow;
    gl_Position = u_projection * eye;
}
"""
_SOLID_FRAGMENT = """
uniform float u_alpha; uniform float u_glass;
varying vec3 v_normal; varying vec3 v_eye; varying vec4 v_color; varying float v_glow;
void main() {
    vec3 normal = normalize(v_normal); vec3 eye = normalize(v_eye);
    vec3 key = normalize(vec3(-0.35, 0.75, 0.60));
    float lit = max(0.0, dot(normal, key) * 0.85 + 0.15);
    float fill = max(0.0, dot(normal, normalize(vec3(0.8, 0.1, 0.5))));
    float sky = 0.5 + 0.5 * normal.y;
    float shine = pow(max(0.0, dot(normal, normalize(key + eye))), 36.0);
    float rim = pow(1.0 - max(0.0, dot(normal, eye)), 3.0);
    vec3 shaded = v_color.rgb * (0.20 + 0.14 * sky + 0.66 * lit + 0.12 * fill)
                + vec3(0.16) * shine + vec3(0.10, 0.13, 0.17) * rim;
    float edge = 1.0 - abs(dot(normal, eye));
    float seen = mix(1.0, 0.22 + 0.78 * edge, u_glass);
    gl_FragColor = vec4(mix(shaded, v_color.rgb, v_glow), v_color.a * u_alpha * seen);
}
"""
_SHADOW_VERTEX = """
uniform mat4 u_view; uniform mat4 u_projection;
attribute vec3 a_position;
void main() {
    vec3 fallen = vec3(a_position.xy + a_position.z * vec2(0.10, 0.14), 0.0006);
    gl_Position = u_projection * u_view * vec4(fallen, 1.0);
}
"""
_SHADOW_FRAGMENT = """
uniform vec4 u_color;
void main() { gl_FragColor = u_color; }
"""
_GROUND_VERTEX = """
uniform mat4 u_view; uniform mat4 u_projection;
attribute vec3 a_position;
varying vec2 v_place;
void main() {
    v_place = a_position.xy;
    gl_Position = u_projection * u_view * vec4(a_position, 1.0);
}
"""
_GROUND_FRAGMENT = """
uniform vec3 u_ground; uniform vec3 u_line; uniform vec2 u_centre; uniform float u_reach;
varying vec2 v_place;
float line(vec2 place, float step_m, float width) {
    vec2 cell = place / step_m;
    vec2 soft = fwidth(cell) * width;
    vec2 away = abs(fract(cell - 0.5) - 0.5);
    vec2 drawn = 1.0 - smoothstep(soft * 0.4, soft * 1.4, away);
    return max(drawn.x, drawn.y) * (1.0 - smoothstep(0.2, 0.6, max(soft.x, soft.y)));
}
void main() {
    float far = 1.0 - smoothstep(u_reach * 0.35, u_reach, length(v_place - u_centre));
    float drawn = max(0.45 * line(v_place, 0.05, 0.9), line(v_place, 0.25, 1.1));
    gl_FragColor = vec4(mix(u_ground, u_line, drawn), far * (0.55 + 0.45 * drawn));
}
"""


class GLUnavailable(RuntimeError):
    """There is no OpenGL here; the message says what to do."""


class _Target:
    """What the GL library must bind as its default buffer."""

    def __init__(self) -> None:
        self.handle = 0

    def _vispy_get_fb_bind_location(self) -> int:
        return self.handle


class GLStage:
    """Draws a ground, shadows, solids and a translucent ghost into a picture.

    Parameters
    ----------
    background, ground, line : (3,) float
        Colours, 0 to 1.

    Attributes
    ----------
    closed : bool
        Whether ``close`` has freed everything.
    software : bool
        Whether the processor draws, because there is no graphics card.

    Raises
    ------
    GLUnavailable
        When no OpenGL context can be made.
    """

    def __init__(
        self,
        background: tuple[float, float, float],
        ground: tuple[float, float, float],
        line: tuple[float, float, float],
    ) -> None:
        self._background = background
        self.closed = False
        wanted = QSurfaceFormat()
        wanted.setDepthBufferSize(24)
        self._surface = QOffscreenSurface()
        self._surface.setFormat(wanted)
        self._surface.create()
        self._context = QOpenGLContext()
        self._context.setFormat(wanted)
        if not self._context.create() or not self._context.makeCurrent(self._surface):
            raise GLUnavailable(
                "no OpenGL here: start on a display with GLX, or install libgl1-mesa-dri"
            )
        self._canvas = FakeCanvas()
        self._target = _Target()
        self._canvas._backend = self._target
        self._frames: dict[int, QOpenGLFramebufferObject] = {}
        self._ground_frame: QOpenGLFramebufferObject | None = None
        self._ground_view: tuple[bytes, ...] = ()
        self._solid = gloo.Program(_SOLID_VERTEX, _SOLID_FRAGMENT)
        self._shadow = gloo.Program(_SHADOW_VERTEX, _SHADOW_FRAGMENT)
        self._ground = gloo.Program(_GROUND_VERTEX, _GROUND_FRAGMENT)
        self._ground["u_ground"], self._ground["u_line"] = ground, line
        self._shadow["u_color"] = (0.0, 0.0, 0.0, 0.5)
        self._buffers: dict[str, gloo.VertexBuffer] = {}
        self._sizes: dict[str, int] = {}
        self._indices: dict[str, gloo.IndexBuffer] = {}
        self.software = any(name in self.renderer for name in SOFTWARE_RENDERERS)

    @property
    def renderer(self) -> str:
        """What draws, e.g. ``llvmpipe (LLVM 15, 256 bits)``."""
        self._context.makeCurrent(self._surface)
        return str(gloo.gl.glGetParameter(gloo.gl.GL_RENDERER))

    def set_triangles(self, name: str, triangles: NDArray[np.uint32]) -> None:
        """Name the triangles (T, 3) of the mesh ``name``."""
        self._current()
        self._indices[name] = gloo.IndexBuffer(np.ascontiguousarray(triangles.ravel(), np.uint32))

    def set_vertices(self, name: str, vertices: NDArray) -> None:
        """Give the mesh ``name`` its vertices, an array of ``VERTEX``."""
        self._current()
        if self._sizes.get(name) != len(vertices):
            self._buffers[name] = gloo.VertexBuffer(vertices.copy())
            self._sizes[name] = len(vertices)
        else:
            self._buffers[name].set_data(vertices)

    def render(
        self,
        size: QSize,
        view: NDArray[np.float64],
        projection: NDArray[np.float64],
        centre_m: NDArray[np.float64],
        reach_m: float,
        ghost_alpha: float,
        fine: bool = True,
    ) -> QImage:
        """Draw the meshes ``solid`` and ``ghost`` and return a picture of ``size`` pixels.

        ``fine`` smooths edges, which costs software GL three times as much.
        """
        self._current()
        for program in (self._solid, self._shadow, self._ground):
            program["u_view"] = view.T.astype(np.float32)
            program["u_projection"] = projection.T.astype(np.float32)
        frame = self._frame(size, FINE_SAMPLES if fine else 0)
        if fine:
            self._bind(frame)
            self._draw_ground(centre_m, reach_m)
        else:
            # The ground changes with the camera only; copying it is cheaper than drawing it.
            drawn = (view.tobytes(), projection.tobytes(), repr((size, reach_m)).encode())
            if self._ground_frame is None or drawn != self._ground_view:
                self._ground_frame = QOpenGLFramebufferObject(size, frame.format())
                self._bind(self._ground_frame)
                self._draw_ground(centre_m, reach_m)
                self._canvas.flush()
                self._ground_view = drawn
            QOpenGLFramebufferObject.blitFramebuffer(frame, self._ground_frame)
            self._bind(frame)
            gloo.set_depth_mask(True)
            gloo.clear(color=False, depth=True, stencil=True)
        self._draw_shadows()
        self._draw_solids()
        if ghost_alpha > 0 and "ghost" in self._buffers:
            self._draw_ghost(ghost_alpha)
        self._canvas.flush()
        picture = frame.toImage()
        frame.release()
        self._context.doneCurrent()
        return picture.convertToFormat(QImage.Format.Format_RGB32)

    def close(self) -> None:
        """Free what the graphics card holds, in the order it must go: buffers, context, surface.

        Left to the garbage collector, the order is arbitrary and a wrong one ends the process.
        """
        if self.closed:
            return
        self.closed = True
        if not (shiboken6.isValid(self._context) and shiboken6.isValid(self._surface)):
            return  # the application has ended and taken them along
        self._context.makeCurrent(self._surface)
        self._frames.clear()
        self._ground_frame = None
        self._context.doneCurrent()
        shiboken6.delete(self._context)
        self._surface.destroy()
        shiboken6.delete(self._surface)

    def _frame(self, size: QSize, samples: int) -> QOpenGLFramebufferObject:
        frame = self._frames.get(samples)
        if frame is None or frame.size() != size:
            form = QOpenGLFramebufferObjectFormat()
            form.setAttachment(QOpenGLFramebufferObject.Attachment.CombinedDepthStencil)
            form.setSamples(samples)
            frame = self._frames[samples] = QOpenGLFramebufferObject(size, form)
        return frame

    def _bind(self, frame: QOpenGLFramebufferObject) -> None:
        self._target.handle = frame.handle()
        set_current_canvas(self._canvas)
        frame.bind()
        gloo.set_viewport(0, 0, frame.width(), frame.height())

    def _current(self) -> None:
        self._context.makeCurrent(self._surface)
        set_current_canvas(self._canvas)

    def _draw_ground(self, centre_m: NDArray[np.float64], reach_m: float) -> None:
        gloo.set_state(depth_test=True, blend=False, cull_face=True)
        gloo.set_depth_mask(True)
        gloo.clear(color=(*self._background, 1.0), depth=True, stencil=True)
        x, y = float(centre_m[0]), float(centre_m[1])
        corners = [(x - reach_m, y - reach_m), (x + reach_m, y - reach_m),
                   (x - reach_m, y + reach_m), (x + reach_m, y + reach_m)]  # fmt: skip
        self._ground["a_position"] = np.array([(*c, 0.0) for c in corners], np.float32)
        self._ground["u_centre"], self._ground["u_reach"] = (x, y), reach_m
        gloo.set_state(blend=True, blend_func=("src_alpha", "one_minus_src_alpha"))
        gloo.set_depth_mask(False)
        self._ground.draw("triangle_strip")
        gloo.set_depth_mask(True)

    def _draw_shadows(self) -> None:
        gloo.set_state(depth_test=True, blend=True, cull_face=False)
        gloo.set_blend_func("src_alpha", "one_minus_src_alpha")
        gloo.set_depth_mask(False)
        # The stencil lets every shadow pixel through once, so that overlaps do not darken.
        gloo.set_state(stencil_test=True)
        gloo.set_stencil_func("equal", 0, 255)
        gloo.set_stencil_op("keep", "keep", "incr")
        self._shadow["a_position"] = self._buffers["solid"]["a_position"]
        self._shadow.draw("triangles", self._indices["solid"])
        gloo.set_state(stencil_test=False)
        gloo.set_depth_mask(True)

    def _draw_solids(self) -> None:
        gloo.set_state(blend=False, cull_face=True)
        self._solid["u_alpha"], self._solid["u_glass"] = 1.0, 0.0
        self._solid.bind(self._buffers["solid"])
        self._solid.draw("triangles", self._indices["solid"])

    def _draw_ghost(self, alpha: float) -> None:
        """Depth first, colour second, so that the ghost is one layer deep."""
        self._solid.bind(self._buffers["ghost"])
        self._solid["u_alpha"], self._solid["u_glass"] = alpha, 1.0
        gloo.set_color_mask(False, False, False, False)
        self._solid.draw("triangles", self._indices["ghost"])
        gloo.set_color_mask(True, True, True, True)
        gloo.set_depth_func("lequal")
        gloo.set_state(blend=True, blend_func=("src_alpha", "one_minus_src_alpha"))
        self._solid.draw("triangles", self._indices["ghost"])
        gloo.set_depth_func("less")
