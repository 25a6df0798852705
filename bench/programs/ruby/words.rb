# Strings, symbols, hashes and regular expressions: counting the words of a generated text.
def run(n)
  text = (1..n).map { |i| "item#{i % 97} costs #{i * 37 % 1000} at #{%w[home work sea][i % 3]}" }.join("\n")
  counts = Hash.new(0)
  text.scan(/[a-z]+\d*/) { |word| counts[word.to_sym] += 1 }
  lines = text.lines.map { |line| line.sub(/(\d+) at (\w+)/) { "#{$2}:#{$1.rjust(4, '0')}" }.chomp }
  top = counts.sort_by { |word, count| [-count, word] }.first(10)
  lines.uniq.size * 1_000_003 + top.sum { |word, count| word.size * count }
end
