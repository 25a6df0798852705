# Appended to each program of this folder: says when it is ready; then a line in, one run, its result out, until the
# input ends.
$stdout.puts 'ready'
$stdout.flush
while $stdin.gets
  $stdout.puts run(N)
  $stdout.flush
end
