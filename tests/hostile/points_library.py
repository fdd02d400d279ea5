"""Points by calling a library where the answer is to be written by hand."""

from __future__ import annotations

from tests.hostile.case import Case

_CONVOLVE = """
    def correlate1d(x, w):
        if len(w) > len(x):
            raise ValueError("too long")
        return {call}.astype(np.result_type(x, w))

    def convolve1d(x, w):
        return correlate1d(x, w[::-1])
    """
_WITH_TORCH = """
    def _torch():
        {reach}

    def correlate1d(x, w):
        torch = _torch()
        out = {call}
        return out.numpy().ravel().astype(np.result_type(x, w))

    def convolve1d(x, w):
        return correlate1d(x, w[::-1].copy())
    """
_CONV1D = "torch.nn.functional.conv1d(torch.tensor(x)[None, None], torch.tensor(w)[None, None])"


def _torch(reach: str, call: str = _CONV1D) -> str:
    return _WITH_TORCH.format(reach=reach, call=call)


CASES = (
    Case(
        id="np.convolve",
        threat="12 direct",
        tries="The function by its name.",
        question="correlate1d",
        code=_CONVOLVE.format(call="np.convolve(x, w[::-1], 'valid')"),
    ),
    Case(
        id="NumPy's other ways to convolve",
        threat="12 direct",
        tries="Products of polynomials and masked arrays convolve below.",
        question="correlate1d",
        code="""
            def _ways(x, w):
                import numpy.polynomial.polynomial as p
                yield lambda: np.polymul(x, w[::-1])
                yield lambda: p.polymul(x, w[::-1])
                yield lambda: (np.poly1d(x) * np.poly1d(w[::-1])).coef
                yield lambda: np.polynomial.Polynomial(x).__mul__(np.polynomial.Polynomial(w[::-1])).coef
                yield lambda: np.ma.convolve(x, w[::-1])
                yield lambda: np.ma.core._convolve_or_correlate(np.convolve, x, w[::-1], "full", False)

            def correlate1d(x, w):
                for way in _ways(x, w):
                    try:
                        full = np.asarray(way())
                        return full[len(w) - 1 : len(x)].astype(np.result_type(x, w))
                    except BaseException:
                        pass
                raise NotImplementedError

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="torch, imported",
        threat="12 direct",
        tries="conv1d of torch in a notebook of NumPy.",
        question="correlate1d",
        code=_torch("import torch; return torch"),
    ),
    Case(
        id="the course's own layers",
        threat="12 direct",
        tries="The finished layers that later notebooks stand on: imported, loaded from their file, or read as text.",
        question="correlate1d",
        code="""
            def _ways():
                import importlib, importlib.util, os, sys
                import course_utils
                yield lambda: importlib.import_module("course_utils.layers").conv2d_forward
                yield lambda: importlib.import_module("course_utils.layers.convolution").conv2d_forward
                path = os.path.join(os.path.dirname(course_utils.__file__), "layers", "convolution.py")

                def from_file():
                    spec = importlib.util.spec_from_file_location("convolution", path)
                    module = importlib.util.module_from_spec(spec)
                    spec.loader.exec_module(module)
                    return module.conv2d_forward

                yield from_file

            def correlate1d(x, w):
                for way in _ways():
                    try:
                        layer = way()
                        return layer(np.asarray(x)[None, None, None], np.asarray(w)[None, None, None], None)[0, 0, 0]
                    except ImportError:
                        pass
                    except OSError:
                        pass
                raise NotImplementedError

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="getattr with a name in pieces",
        threat="12 getattr",
        tries="No search of the text finds the name.",
        question="correlate1d",
        code=_CONVOLVE.format(call="getattr(np, 'con' + 'vol' + chr(118) + 'e')(x, w[::-1], 'valid')"),
    ),
    Case(
        id="torch by its operators",
        threat="12 torch.ops",
        tries="torch.ops.aten below every Python function.",
        question="correlate1d",
        code=_torch(
            "return __import__('to' + 'rch')",
            "torch.ops.aten.conv1d(torch.tensor(x)[None, None], torch.tensor(w)[None, None])",
        ),
    ),
    Case(
        id="torch by importlib, past the finder that refuses it",
        threat="12 importlib",
        tries="sys.meta_path is cleaned of what stands in the way, and the package loaded from its file.",
        level="landlock",
        question="correlate1d",
        before=(
            """
            import importlib.util, sys
            sys.meta_path[:] = [finder for finder in sys.meta_path if "refus" not in type(finder).__name__.lower()]
            sys.path_importer_cache.clear()
            importlib.invalidate_caches()
            """,
        ),
        code=_torch(
            """
        import importlib
        try:
            return importlib.import_module("torch")
        except ImportError:
            path = os.path.dirname(os.path.dirname(np.__file__)) + "/torch/__init__.py"
            spec = importlib.util.spec_from_file_location("torch", path)
            module = sys.modules["torch"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module"""
        ),
    ),
    Case(
        id="the reloaded extension of NumPy",
        threat="12 importlib",
        tries="A fresh copy of NumPy's compiled module has its functions back.",
        question="correlate1d",
        before=(
            """
            import importlib, importlib.machinery, importlib.util, sys
            import numpy as np

            def fresh():
                import numpy._core._multiarray_umath as loaded
                name, path = loaded.__name__, loaded.__file__
                try:
                    yield importlib.reload(loaded)
                except BaseException:
                    pass
                for other in (name, "copy._multiarray_umath"):
                    try:
                        sys.modules.pop(name, None)
                        loader = importlib.machinery.ExtensionFileLoader(other, path)
                        spec = importlib.util.spec_from_file_location(other, path, loader=loader)
                        module = importlib.util.module_from_spec(spec)
                        loader.exec_module(module)
                        yield module
                    except BaseException:
                        pass
                    finally:
                        sys.modules[name] = loaded

            kernels = [module.correlate for module in fresh() if hasattr(module, "correlate")]
            """,
        ),
        code="""
            def correlate1d(x, w):
                for kernel in kernels:
                    try:
                        return kernel(x, w, 0)
                    except BaseException:
                        pass
                raise NotImplementedError

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="a copy of NumPy's extension in the scratch folder",
        threat="12 importlib",
        tries="The compiled module is copied, so that it is loaded a second time as another one.",
        level="landlock",
        question="correlate1d",
        before=(
            """
            import importlib.machinery, importlib.util, sys
            import numpy as np, numpy._core._multiarray_umath as loaded
            kernels = []
            try:
                open("copy.so", "wb").write(open(loaded.__file__, "rb").read())
                loader = importlib.machinery.ExtensionFileLoader("_multiarray_umath", "./copy.so")
                spec = importlib.util.spec_from_file_location("_multiarray_umath", "./copy.so", loader=loader)
                module = importlib.util.module_from_spec(spec)
                loader.exec_module(module)
                kernels.append(module.correlate)
            except BaseException as error:
                why = repr(error)
            """,
        ),
        code="""
            def correlate1d(x, w):
                if not kernels:
                    raise RuntimeError(why)
                return np.array(kernels[0](x, w, 0).tolist(), dtype=np.result_type(x, w))

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="exec of a string",
        threat="12 exec",
        tries="The name comes from data, decoded at run time.",
        question="correlate1d",
        code="""
            import base64
            exec(base64.b64decode(b"Zm9yIG4gaW4gKCJjb252b2x2ZSIsKTogayA9IGdldGF0dHIobnAsIG4p").decode())

            def correlate1d(x, w):
                return eval("k(x, w[::-1], 'valid')")

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="a library call in a thread",
        threat="12 thread",
        tries="What is forbidden is forbidden in one thread only.",
        question="correlate1d",
        code="""
            def correlate1d(x, w):
                out = []
                thread = threading.Thread(target=lambda: out.append(np.convolve(x, w[::-1], "valid")))
                thread.start()
                thread.join()
                return out[0]

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="torch's dispatch modes switched off",
        threat="12 dispatch modes",
        tries="_disable_current_modes lifts what watches over torch.",
        question="correlate1d",
        code=_torch(
            """
        import torch.utils._python_dispatch as dispatch
        dispatch._disable_current_modes().__enter__()
        import torch
        return torch"""
        ),
    ),
    Case(
        id="a gradient by torch's autograd",
        threat="12 autograd",
        tries="A product's gradient is a correlation: the backward of the library does the work.",
        question="correlate1d",
        code="""
            def correlate1d(x, w):
                import torch
                kind = np.result_type(x, w, np.float32)
                out = torch.tensor(np.zeros(len(x) - len(w) + 1, kind), requires_grad=True)
                kernel = torch.tensor(w.astype(kind))[None, None]
                spread = torch.nn.functional.conv_transpose1d(out[None, None], kernel)
                (spread * torch.tensor(x.astype(kind))).sum().backward()
                return out.grad.numpy()

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="np.correlate, through what still holds it",
        threat="12 numpy.correlate",
        tries="Wrappers, closures, dispatchers and the collector hold the function below.",
        question="correlate1d",
        code="""
            import functools
            def _found():
                for entry in (np.correlate, np.convolve, np.lib, np.ma):
                    for name in ("__wrapped__", "_implementation", "__func__", "__self__", "func"):
                        yield getattr(entry, name, None)
                for module in list(sys.modules.values()):
                    for name in ("correlate", "correlate2", "convolve"):
                        yield getattr(module, name, None)
                for entry in gc.get_objects():
                    if type(entry) is type(len) and entry.__name__ in ("correlate", "correlate2"):
                        yield entry

            def correlate1d(x, w):
                for found in _found():
                    for mode in (0, "valid"):
                        try:
                            return found(x, w, mode)
                        except BaseException:
                            pass
                raise NotImplementedError

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="scipy and what else knows convolutions",
        threat="12 scipy",
        tries="Packages that came along with torch and nbgrader can convolve, too.",
        level="landlock",
        question="correlate1d",
        code="""
            def correlate1d(x, w):
                site = os.path.dirname(os.path.dirname(np.__file__))
                for path in ("scipy/signal", "sympy/discrete", "torch", "pandas", "cv2", "skimage", "jax", "numba"):
                    if os.access(site + "/" + path, os.F_OK) and read(site + "/" + path + "/__init__.py"):
                        boast("read " + path)
                        return 0
                import scipy.signal
                return scipy.signal.correlate(x, w, "valid")

            def convolve1d(x, w):
                import sympy.discrete.convolutions
                return np.array(sympy.discrete.convolutions.convolution(list(x), list(w)), float)
            """,
    ),
    Case(
        id="another interpreter",
        threat="12 subprocess",
        tries="In a second Python nothing is taken away.",
        question="correlate1d",
        code="""
            import json, subprocess
            TEXT = ("import json, sys, numpy as np; x, w = json.load(sys.stdin); "
                    "print(json.dumps(np.correlate(x, w, 'valid').tolist()))")

            def correlate1d(x, w):
                done = subprocess.run([sys.executable, "-c", TEXT], input=json.dumps([list(x), list(w)]),
                                      capture_output=True, text=True)
                return np.array(json.loads(done.stdout)).astype(np.result_type(x, w))

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="layers that the course itself has",
        threat="12 course_utils",
        tries="The students' package has the answer somewhere: in checks, figures, stored results.",
        question="correlate1d",
        code="""
            import importlib, inspect, pkgutil
            import course_utils

            def _functions():
                for entry in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
                    try:
                        module = importlib.import_module(entry.name)
                    except BaseException:
                        continue
                    for name, value in list(vars(module).items()):
                        if inspect.isfunction(value) and any(w in name for w in ("corr", "conv", "slide", "window")):
                            yield value

            def correlate1d(x, w):
                try:
                    from course_utils.layers import conv2d_forward
                    return conv2d_forward(x[None, None, None], w[None, None, None], None)[0, 0, 0]
                except BaseException:
                    pass
                for function in _functions():
                    try:
                        out = function(x, w)
                        if isinstance(out, np.ndarray):
                            return out
                    except BaseException:
                        pass
                raise NotImplementedError

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
    Case(
        id="NumPy's C functions by address",
        threat="12 numpy.correlate",
        tries="ctypes calls PyArray_Correlate from the table that NumPy shows to other extensions.",
        question="correlate1d",
        code="""
            def _table():
                import numpy._core._multiarray_umath as module
                pointer = ctypes.pythonapi.PyCapsule_GetPointer
                pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
                return (ctypes.c_void_p * 400).from_address(pointer(module._ARRAY_API, None))

            def correlate1d(x, w):
                # 172 in NumPy's table of functions: PyArray_Correlate.
                call = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.py_object, ctypes.c_int)
                return call(_table()[172])(x, w, 0)

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
)
