-- Answers used with what is held, when the period ends, until when Hunter has none left, and seq.
return {
  string.format('%.0f', field('used') + redis.call('ZCARD', HELD)), string.format('%.0f', field('resets')),
  string.format('%.0f', field('out')), string.format('%.0f', field('seq')),
}
