# Blocks, integers and floats: a loop, a recursion and an array of numbers.
def fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)

def run(n)
  sum = 0
  n.times { |i| sum += i * i & 0xff }
  squares = Array.new(n / 10) { |i| (i * 7919 % 10007) * 0.5 }.sort.each_slice(3).map(&:sum)
  sum + fib(20) + squares.sum.to_i
end
