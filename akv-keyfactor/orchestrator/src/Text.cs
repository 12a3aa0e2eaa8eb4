using System.Text.RegularExpressions;

namespace Akv.UniversalOrchestrator
{
    /// <summary>Text for people, as Command takes it.</summary>
    internal static class Text
    {
        /// <summary>At most 4,000 characters, cut in front of the last whole one, without control characters.</summary>
        public static string Message(string text)
        {
            if (text.Length > Longest)
            {
                var end = Longest - Cut.Length;
                text = text.Substring(0, char.IsHighSurrogate(text[end - 1]) ? end - 1 : end) + Cut;
            }
            return Printable(text);
        }

        /// <summary>Without characters that change how the text around them is shown.</summary>
        public static string Printable(string text) => Unprintable.Replace(text, "\ufffd");

        private static readonly Regex Unprintable = new Regex(
            "[\\p{Cc}\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", RegexOptions.CultureInvariant);

        private const int Longest = 4000;
        private const string Cut = " ... (cut at 4,000 characters)";
    }
}
