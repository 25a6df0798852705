// A first program: greets, and says what it was given. Built by the line in README.md; nothing but WASI's args_* and fd_write.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print(const char *text) { write(STDOUT_FILENO, text, strlen(text)); }

static void print_number(unsigned number) {
  char digits[11];
  char *at = digits + sizeof digits;
  *--at = 0;
  do *--at = '0' + number % 10;
  while (number /= 10);
  print(at);
}

int main(int argc, char **argv) {
  print("Hello from WebAssembly, compiled to JavaScript by Sandglass!\n");
  if (argc > 1) {
    print("You gave me ");
    print_number(argc - 1);
    print(argc == 2 ? " argument:" : " arguments:");
    for (int i = 1; i < argc; i++) {
      print(" ");
      print(argv[i]);
    }
    print("\n");
  }
  return 0;
}
