# Appended to each program of this folder: says when it is ready; then a line in, one run, its result out, until the
# input ends. `filter_map` is C, so each run enters the interpreter's loop anew; why that matters is said in
# ../python/driver.py.
$stdout.puts 'ready'
$stdout.flush
while $stdin.gets
  $stdout.puts([N].filter_map { |n| run(n) })
  $stdout.flush
end
