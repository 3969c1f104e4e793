using CsCheck;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Tests.Inventory;

public sealed class AddressFinderTests
{
    private static readonly AddressForms s_forms = new(
        "192.168.1.20",
        "192.168.1.21",
        "talos-192-168-1-20",
        "talos-192-168-1-21"
    );

    [Theory]
    [InlineData("192.168.1.20")]
    [InlineData("https://192.168.1.20:6443/")]
    [InlineData("192.168.1.20/24")]
    [InlineData("(192.168.1.20)")]
    [InlineData("at 192.168.1.20.")]
    [InlineData("192.168.1.20-192.168.1.3")]
    [InlineData("a\\n192.168.1.20\\n")]
    [InlineData("q=%20192.168.1.20")]
    [InlineData("192.168.1.20.nip.io")]
    [InlineData("talos-192-168-1-20")]
    [InlineData("TALOS-192-168-1-20.lan")]
    [InlineData("osd-talos-192-168-1-20-0")]
    [InlineData("地址192.168.1.20。")]
    public void What_means_the_address_is_found(string text)
    {
        AddressMatch match = Assert.Single(AddressFinder.Find(text, s_forms));
        string dotted = text.Contains("168.1", StringComparison.Ordinal) ? "192.168.1.20" : "192-168-1-20";
        Assert.Equal(dotted, text.Substring(match.Start, match.Length));
    }

    [Theory]
    [InlineData("192.168.1.202")]
    [InlineData("192.168.1.2020")]
    [InlineData("1192.168.1.20")]
    [InlineData("1.192.168.1.20")]
    [InlineData("192.168.1.20.7")]
    [InlineData("192x168y1z20")]
    [InlineData("host192.168.1.20")]
    [InlineData("192.168.1.20a")]
    [InlineData("talos-192-168-1-202")]
    [InlineData("talos-1192-168-1-20")]
    [InlineData("192_168_1_20")]
    [InlineData("192.168.001.20")]
    public void What_only_looks_like_it_is_not(string text) => Assert.Empty(AddressFinder.Find(text, s_forms));

    [Theory]
    [InlineData("see fd00::20 there", "fd00::20")]
    [InlineData("[fd00:0:0::20]:6443", "fd00:0:0::20")]
    [InlineData("FD00:0000::0020/64", "FD00:0000::0020")]
    [InlineData("fd00::20:", "fd00::20")]
    [InlineData("fd00::201", null)]
    [InlineData("12:34:56", null)]
    public void IPv6_is_found_however_it_is_written(string text, string? found)
    {
        IReadOnlyList<AddressMatch> matches = AddressFinder.Find(text, new AddressForms("fd00::20", "fd00::21"));

        Assert.Equal(found is null ? [] : [found], matches.Select(match => text.Substring(match.Start, match.Length)));
    }

    [Fact]
    public void A_name_that_the_address_does_not_explain_is_looked_for_itself()
    {
        var forms = new AddressForms("192.168.1.20", "192.168.1.21", "talos-abc-def", "talos-xyz-123");

        Assert.Equal(
            "node talos-xyz-123 (192.168.1.21), my-talos-abc-def, talos-abc-def-0",
            Replace("node talos-abc-def (192.168.1.20), my-talos-abc-def, talos-abc-def-0", forms)
        );
    }

    [Fact]
    public void A_node_that_kept_its_name_keeps_it_everywhere() =>
        Assert.Equal(
            "talos-192-168-1-20 is at 192.168.1.21",
            Replace(
                "talos-192-168-1-20 is at 192.168.1.20",
                new AddressForms("192.168.1.20", "192.168.1.21", "talos-192-168-1-20", "talos-192-168-1-20")
            )
        );

    // The oracle reads the text from the left and decides by its own rule what a number with dots is.
    [Fact]
    public void Random_texts_agree_with_a_reader_of_tokens()
    {
        string[] pieces =
        [
            "192.168.1.20",
            "192.168.1.202",
            "192.168.1.2",
            "0",
            "2",
            ".",
            "-",
            ":",
            "/",
            " ",
            "\n",
            "\"",
            "x",
            "192",
            "168",
            "1",
            "20",
            "192-168-1-20",
            "192-168-1-202",
            "talos-",
            "é",
            "_",
            "10.0.0.1",
        ];
        Gen.Int[0, pieces.Length - 1]
            .Select(i => pieces[i])
            .Array[0, 24]
            .Sample(
                words =>
                {
                    string text = string.Concat(words);
                    IEnumerable<(int, int)> found = AddressFinder
                        .Find(text, s_forms)
                        .Select(match => (match.Start, match.Length));
                    Assert.Equal(Oracle(text), found);
                },
                iter: 20_000
            );
    }

    [Fact]
    public void Replacing_and_replacing_back_gives_the_same_text()
    {
        string[] pieces =
        [
            "192.168.1.20",
            "192.168.1.202",
            "1",
            ".",
            "-",
            " ",
            "\r\n",
            "192-168-1-20",
            "talos-",
            "ü",
            "192.168.1.22",
        ];
        var back = new AddressForms("192.168.1.21", "192.168.1.20", "talos-192-168-1-21", "talos-192-168-1-20");
        Gen.Int[0, pieces.Length - 1]
            .Select(i => pieces[i])
            .Array[0, 24]
            .Sample(
                words =>
                {
                    string text = string.Concat(words);
                    if (AddressFinder.Contains(text, back))
                        return;
                    string moved = Replace(text, s_forms);
                    Assert.False(AddressFinder.Contains(moved, s_forms), moved);
                    Assert.Equal(text, Replace(moved, back));
                },
                iter: 10_000
            );
    }

    [Fact]
    public async Task Everything_else_in_a_file_keeps_its_bytes()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "x.txt");
        byte[] bytes =
        [
            0xef,
            0xbb,
            0xbf,
            .. "a\r\n"u8,
            0xff,
            0xfe,
            .. "ü 192.168.1.20"u8,
            0x80,
            .. "\ntalos-192-168-1-20\tend"u8,
        ];
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);

        AddressFile file = (await AddressFile.ReadAsync(path, s_forms, TestContext.Current.CancellationToken))!;

        Assert.Equal(2, file.Matches.Count);
        Assert.Equal((2, 5), file.Position(file.Matches[0].Start));
        byte[] expected =
        [
            0xef,
            0xbb,
            0xbf,
            .. "a\r\n"u8,
            0xff,
            0xfe,
            .. "ü 192.168.1.21"u8,
            0x80,
            .. "\ntalos-192-168-1-21\tend"u8,
        ];
        Assert.Equal(expected, file.Replace(file.Matches));
    }

    [Fact]
    public async Task A_file_is_replaced_with_its_permissions_through_a_link_and_only_as_it_was_read()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no Unix permissions.");
            return;
        }

        CancellationToken stop = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        string path = folder.Write("real/x.cfg", "old");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        string link = Path.Combine(folder.Path, "link.cfg");
        File.CreateSymbolicLink(link, path);

        await FileReplacement.ReplaceAsync(link, "old"u8.ToArray(), "new"u8.ToArray(), null, stop);

        Assert.Equal("new", await File.ReadAllTextAsync(path, stop));
        Assert.NotNull(File.ResolveLinkTarget(link, false));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
            File.GetUnixFileMode(path)
        );
        TsException error = await Assert.ThrowsAsync<TsException>(() =>
            FileReplacement.ReplaceAsync(path, "old"u8.ToArray(), "newer"u8.ToArray(), null, stop)
        );
        Assert.Equal("FileChangedMeanwhile", error.ErrorId);
        Assert.Equal("new", await File.ReadAllTextAsync(path, stop));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    private static string Replace(string text, AddressForms forms) =>
        AddressFile.Replace(text, forms, AddressFinder.Find(text, forms));

    private static IEnumerable<(int Start, int Length)> Oracle(string text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            foreach (string form in (string[])["192.168.1.20", "192-168-1-20"])
            {
                if (!text.AsSpan(at).StartsWith(form, StringComparison.Ordinal))
                    continue;
                string before = text[..at],
                    after = text[(at + form.Length)..];
                bool dotted = form[3] == '.';
                bool joined = dotted
                    ? Ends(before, @"[A-Za-z0-9_]\z")
                        || Ends(before, @"[0-9]\.\z")
                        || Ends(after, "^[A-Za-z0-9_]")
                        || Ends(after, @"^\.[0-9]")
                    : Ends(before, @"[0-9]\z") || Ends(after, "^[0-9]");
                if (!joined)
                    yield return (at, form.Length);
            }
        }

        static bool Ends(string part, string pattern) =>
            System.Text.RegularExpressions.Regex.IsMatch(
                part,
                pattern,
                System.Text.RegularExpressions.RegexOptions.None,
                TimeSpan.FromSeconds(1)
            );
    }
}
