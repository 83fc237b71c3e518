import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Most of the time would go into optimising code that runs a few times.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")
