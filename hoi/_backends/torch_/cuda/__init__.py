"""One kernel for a prefix and all its pairs, in CUDA C++, compiled when it is first needed by the NVRTC of torch."""
