using System.Text;

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

        public static string Printable(string text)
        {
            var shown = new StringBuilder(text);
            for (var at = 0; at < shown.Length; at++)
            {
                if (char.IsControl(shown[at]) || shown[at] == '\u2028' || shown[at] == '\u2029' || (shown[at] >= '\u202a' && shown[at] <= '\u202e'))
                {
                    shown[at] = '\ufffd';
                }
            }
            return shown.ToString();
        }

        private const int Longest = 4000;
        private const string Cut = " ... (cut at 4,000 characters)";
    }
}
