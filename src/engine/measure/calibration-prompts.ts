/** Prompts of many kinds, so that a calibration sees what the inputs of products get like. */
export const calibrationPrompts: readonly string[] = [
  'Explain how a bicycle stays upright when it is moving.',
  'Write a short letter to a neighbour asking to borrow a ladder for the weekend.',
  'List five vegetables that grow well in cool weather, with one sentence about each.',
  'Translate into French: The train leaves at half past seven from platform four.',
  `def mean(values):
    return sum(values) / len(values)

What does this function do when the list is empty, and how would you fix it?`,
  'Summarise: The committee met on Tuesday to discuss the new library. Most members liked the plan, but two worried about its cost. They agreed to ask for a second estimate before the end of the month.',
  'What is 17 times 23? Show each step.',
  'Tell me a story about a fox who wants to learn to swim.',
  'Why is the sky darker at high altitude?',
  'Give me a recipe for pancakes for four people, with amounts in grams.',
  'Who wrote Don Quixote, and what is the book about?',
  'Rewrite politely: Send me the file now, you are late again.',
  `SELECT name, COUNT(*) FROM orders GROUP BY name HAVING COUNT(*) > 3;
Explain this query to somebody who has never seen SQL.`,
  'Name three differences between a virus and a bacterium.',
  'I feel nervous about a talk I have to give tomorrow. What can I do tonight?',
  'Complete the sentence in three different ways: When the lights went out,',
  'Convert 98.6 degrees Fahrenheit to Celsius and explain the formula.',
  'Write a haiku about a quiet harbour in winter.',
  'What are the main causes of inflation?',
  `{"user": "ana", "items": [{"sku": 17, "count": 2}, {"sku": 4, "count": 1}]}
Describe this JSON in plain words.`,
  'Plan a day in Rome for a family with two small children.',
  'How do I remove a coffee stain from a cotton shirt?',
  `Correct the grammar: She don't has no idea where them keys is.`,
  'Compare tea and coffee in a short table.',
  '¿Cuál es la capital de Perú y cuántas personas viven allí?',
  'What does a relay do in an electric circuit?',
  'Continue: Once upon a time, in a valley where it never rained,',
  'Write a shell command that finds all files larger than 100 MB below the current directory.',
  'Is it better to save money or to pay off debts first? Give reasons for both.',
  'Explain the difference between weather and climate to a ten-year-old.',
  'Make a list of ten English words that rhyme with light.',
  'Draft a two-sentence announcement that the office will be closed on Friday.',
]
