/* The library of Windows that Rust's standard library takes random numbers from, which Wine has since version 9 only.
   They seed hash maps, on whose order nothing depends. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) { return RtlGenRandom(bytes, (ULONG)count); }
