using System.Text.RegularExpressions;

namespace Akv.UniversalOrchestrator
{
    /// <summary>Message text in the form that Command accepts.</summary>
    internal static class Text
    {
        /// <summary>At most 4,000 characters, cut before an incomplete one, without control
        /// characters.</summary>
        public static string Message(string text)
        {
            if (text.Length > Longest)
            {
                var end = Longest - Truncated.Length;
                text = text.Substring(0, char.IsHighSurrogate(text[end - 1]) ? end - 1 : end) + Truncated;
            }
            return Printable(text);
        }

        /// <summary>Removes characters that change the display of the surrounding text.</summary>
        public static string Printable(string text) => Unprintable.Replace(text, "\ufffd");

        private static readonly Regex Unprintable = new Regex(
            "[\\p{Cc}\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", RegexOptions.CultureInvariant);

        private const int Longest = 4000;
        private const string Truncated = " ... (truncated at 4,000 characters)";
    }
}
