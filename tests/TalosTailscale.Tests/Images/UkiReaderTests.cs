using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>Files that are not what they should be, and the small languages inside of a UKI.</summary>
public sealed class UkiReaderTests
{
    private static readonly byte[] s_uki = LabImages.Uki(new LabUkiSpec { SecureBoot = true });

    [Theory]
    [InlineData("talos.halt_if_installed=1", true)]
    [InlineData("a talos.halt_if_installed=true b", true)]
    [InlineData("talos.halt_if_installed=T", true)]
    [InlineData("talos.halt_if_installed", false)]
    [InlineData("talos.halt_if_installed=0", false)]
    [InlineData("talos.halt_if_installed=yes", false)]
    [InlineData("talos.halt_if_installed=tRUE", false)]
    [InlineData("talos.halt_if_installed=0 talos.halt_if_installed=1", false)]
    [InlineData("talos.halt_if_installed=1 talos.halt_if_installed=0", true)]
    [InlineData("xtalos.halt_if_installed=1 talos.halt_if_installed2=1", false)]
    [InlineData("", false)]
    public void The_halt_flag_is_what_Go_makes_of_its_first_value(string commandLine, bool halts) =>
        Assert.Equal(halts, KernelCommandLine.Halts(commandLine));

    [Fact]
    public void Every_halt_flag_is_taken_out_and_nothing_else() =>
        Assert.Equal(
            "a=1 talos.halt_if_installed2=1 b",
            KernelCommandLine.Without(
                "a=1  talos.halt_if_installed=1 talos.halt_if_installed2=1\ttalos.halt_if_installed b\n",
                "talos.halt_if_installed"
            )
        );

    [Fact]
    public void Os_release_is_unquoted_as_a_shell_does()
    {
        var values = OsRelease.Parse("# c\nNAME=\"a \\\"b\\\" 'c'\"\r\nID=talos\nX='$y \\z'\n=bad\nEMPTY=\nID=last");

        Assert.Equal("a \"b\" 'c'", values["NAME"]);
        Assert.Equal("last", values["ID"]);
        Assert.Equal("$y \\z", values["X"]);
        Assert.Equal("", values["EMPTY"]);
        Assert.Equal(4, values.Count);
    }

    [Fact]
    public async Task Control_characters_do_not_reach_the_terminal()
    {
        var bytes = (byte[])s_uki.Clone();
        var section = (await PeOfAsync(bytes)).Find(".cmdline")!;
        Encoding.UTF8.GetBytes("a\u001b[2J\u009Bb\u202Ec").CopyTo(bytes, section.RawOffset);

        var uki = await ReadAsync(bytes, extensions: false);

        Assert.StartsWith("a [2J\uFFFDb\uFFFDc", uki.CommandLine, StringComparison.Ordinal);
        Assert.DoesNotContain(uki.CommandLine, char.IsControl);
    }

    [Fact]
    public async Task A_file_that_is_cut_off_anywhere_is_an_error_with_the_name_in_it()
    {
        for (var length = 0; length < s_uki.Length; length += 1 + (length / 16))
        {
            var error = await Assert.ThrowsAsync<TsException>(() => ReadAsync(s_uki[..length], path: "/x/cut.efi"));
            Assert.Contains(error.ErrorId, (string[])["ImageTruncated", "PeMalformed"]);
            Assert.Contains("'/x/cut.efi", error.Message, StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, string> Malformed =>
        new()
        {
            { "overlap", "overlapping" },
            { "in headers", "inside of its own headers" },
            { "header offset", "PE header at offset" },
            { "no sections", "0 sections" },
            { "too many sections", "65535 sections" },
            { "pe32", "0x10B" },
            { "directories", "data directories" },
            { "headers", "headers are" },
            { "certificates", "certificate table" },
        };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Headers_that_contradict_themselves_are_refused(string how, string says)
    {
        var bytes = (byte[])s_uki.Clone();
        var pe = await PeOfAsync(bytes);
        Span<byte> Row(string name) => bytes.AsSpan(pe.SectionTableOffset + (pe.IndexOf(pe.Find(name)!) * 40), 40);
        void U32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);
        void U16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), value);
        switch (how)
        {
            case "overlap":
                BinaryPrimitives.WriteUInt32LittleEndian(Row(".linux")[20..], pe.Find(".cmdline")!.RawOffset);
                break;
            case "in headers":
                BinaryPrimitives.WriteUInt32LittleEndian(Row(".linux")[20..], 64);
                break;
            case "header offset":
                U32(0x3C, 0xFFFFFF00);
                break;
            case "no sections":
                U16(pe.PeOffset + 6, 0);
                break;
            case "too many sections":
                U16(pe.PeOffset + 6, 0xFFFF);
                break;
            case "pe32":
                U16(pe.OptionalHeaderOffset, 0x10B);
                break;
            case "directories":
                U32(pe.OptionalHeaderOffset + 108, 0x10000000);
                break;
            case "headers":
                U32(pe.OptionalHeaderOffset + 60, 16);
                break;
            case "certificates":
                U32(pe.CertificateEntryOffset!.Value, pe.Find(".linux")!.RawOffset);
                break;
        }

        var error = await Assert.ThrowsAsync<TsException>(() => ReadAsync(bytes));

        Assert.Equal("PeMalformed", error.ErrorId);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_section_that_is_no_text_is_not_loaded()
    {
        var bytes = (byte[])s_uki.Clone();
        var pe = await PeOfAsync(bytes);
        Encoding
            .ASCII.GetBytes(".uname\0\0")
            .CopyTo(bytes, pe.SectionTableOffset + (pe.IndexOf(pe.Find(".initrd")!) * 40));
        Encoding
            .ASCII.GetBytes(".initrd\0")
            .CopyTo(bytes, pe.SectionTableOffset + (pe.IndexOf(pe.Find(".uname")!) * 40));

        Assert.Equal("UkiSectionTooLarge", (await Assert.ThrowsAsync<TsException>(() => ReadAsync(bytes))).ErrorId);
    }

    [Fact]
    public async Task A_boot_manager_is_not_a_UKI()
    {
        var error = await Assert.ThrowsAsync<TsException>(() =>
            ReadAsync(LabImages.BootManager(TalosArchitecture.Amd64))
        );

        Assert.Equal("NotAUki", error.ErrorId);
    }

    private static async Task<UkiInfo> ReadAsync(byte[] bytes, bool extensions = true, string? path = null)
    {
        using var stream = new MemoryStream(bytes);
        return await UkiReader.ReadAsync(
            stream,
            new UkiReadOptions { Path = path, Extensions = extensions },
            TestContext.Current.CancellationToken
        );
    }

    private static Task<PeImage> PeOfAsync(byte[] bytes) =>
        PeImage.ReadAsync(new RandomReader(new MemoryStream(bytes), "test"), TestContext.Current.CancellationToken);
}
