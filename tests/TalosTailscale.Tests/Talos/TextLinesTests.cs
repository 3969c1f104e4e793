using System.Text;
using CsCheck;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>Lines are the same however the node cuts the bytes.</summary>
public class TextLinesTests
{
    [Fact]
    public async Task Any_cut_of_any_text_gives_the_same_lines()
    {
        Gen<string> line = Gen.String[Gen.Char["abc äö€\u4e2d\r\0"], 0, 12];
        await Gen.Select(line.List[0, 8], Gen.Bool, Gen.Int[1, 9].List[1, 6])
            .SampleAsync(
                async (lines, ended, sizes) =>
                {
                    byte[] bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines) + (ended ? "\n" : ""));
                    Assert.Equal(await ReadAsync([bytes]), await ReadAsync(Cut(bytes, sizes)));
                    Assert.Equal(Expected(bytes), await ReadAsync(Cut(bytes, sizes)));
                },
                iter: 2000
            );
    }

    [Fact]
    public async Task A_line_without_end_is_given_out_in_pieces()
    {
        byte[] part = Enumerable.Repeat((byte)'x', TextLines.MaxLineBytes / 2).ToArray();
        List<string> lines = await ReadAsync([part, part, part, "\nnext"u8.ToArray()]);
        Assert.Equal([TextLines.MaxLineBytes, TextLines.MaxLineBytes / 2, 4], lines.Select(line => line.Length));
    }

    [Fact]
    public async Task Empty_lines_stay_and_an_end_is_no_line() =>
        Assert.Equal(["", "a", "", "b"], await ReadAsync(["\na\r\n\nb\n"u8.ToArray()]));

    private static List<string> Expected(byte[] bytes)
    {
        if (bytes.Length == 0)
            return [];
        List<string> lines = [.. Encoding.UTF8.GetString(bytes).Split('\n')];
        if (lines[^1].Length == 0)
            lines.RemoveAt(lines.Count - 1);
        return [.. lines.Select(line => line.EndsWith('\r') ? line[..^1] : line)];
    }

    private static IEnumerable<byte[]> Cut(byte[] bytes, List<int> sizes)
    {
        for (int at = 0, i = 0; at < bytes.Length; i++)
        {
            int size = Math.Min(sizes[i % sizes.Count], bytes.Length - at);
            yield return bytes[at..(at + size)];
            at += size;
        }
    }

    private static async Task<List<string>> ReadAsync(IEnumerable<byte[]> parts)
    {
        var lines = new List<string>();
        await foreach (string line in TextLines.ReadAsync(AsyncParts(parts)))
            lines.Add(line);
        return lines;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> AsyncParts(IEnumerable<byte[]> parts)
    {
        foreach (byte[] part in parts)
        {
            await Task.Yield();
            yield return part;
        }
    }
}
