using System.Buffers.Binary;
using System.Text;

namespace TalosTailscale.Boot;

/// <summary>
/// A UEFI program of a few instructions that prints a line, with the sections by which systemd-boot takes it for a unified
/// kernel image. It ends with an error, so that the firmware goes on to the next disk. Boots in the time that the firmware takes.
/// </summary>
internal static class EfiProgram
{
    private const int Alignment = 0x1000;

    /// <summary>A program.</summary>
    /// <param name="line">What it prints.</param>
    /// <param name="size">Its size in bytes at least.</param>
    /// <param name="sections">Further sections: name and text, in order.</param>
    public static byte[] Create(string line, int size, params (string Name, string Text)[] sections)
    {
        var all = new List<(string Name, byte[] Content, uint Flags)> { (".text", Code(line), 0x60000020) };
        all.AddRange(sections.Select(s => (s.Name, Encoding.UTF8.GetBytes(s.Text), 0x40000040u)));
        int used = Alignment + all.Sum(s => Round(s.Content.Length));
        if (size > used)
        {
            // Different in every program, so that a mixture of two is neither.
            byte[] filler = new byte[size - used];
            new Random(line.Sum(c => c)).NextBytes(filler);
            Encoding.ASCII.GetBytes(line).CopyTo(filler, 0);
            all.Add((".linux", filler, 0x40000040));
        }

        return Assemble(all);
    }

    /// <summary>A program that powers the machine off.</summary>
    public static byte[] PowerOff() =>
        Assemble([
            (
                ".text",
                [
                    0x48,
                    0x83,
                    0xEC,
                    0x28, // sub rsp, 40
                    0x48,
                    0x8B,
                    0x42,
                    0x58, // mov rax, [rdx+88]: RuntimeServices
                    0xB9,
                    0x02,
                    0x00,
                    0x00,
                    0x00, // mov ecx, 2: EfiResetShutdown
                    0x31,
                    0xD2,
                    0x45,
                    0x31,
                    0xC0,
                    0x45,
                    0x31,
                    0xC9, // no status, no data
                    0xFF,
                    0x50,
                    0x68, // call [rax+104]: ResetSystem
                    0xF4,
                    0xEB,
                    0xFD, // hlt, for ever
                ],
                0x60000020
            ),
        ]);

    private static byte[] Code(string line)
    {
        byte[] code =
        [
            0x48,
            0x83,
            0xEC,
            0x28, // sub rsp, 40
            0x48,
            0x8B,
            0x4A,
            0x40, // mov rcx, [rdx+64]: ConOut
            0x48,
            0x8D,
            0x15,
            0x12,
            0x00,
            0x00,
            0x00, // lea rdx, [rip+18]: the text
            0xFF,
            0x51,
            0x08, // call [rcx+8]: OutputString
            0x48,
            0xB8,
            0x15,
            0x00,
            0x00,
            0x00,
            0x00,
            0x00,
            0x00,
            0x80, // mov rax, EFI_ABORTED
            0x48,
            0x83,
            0xC4,
            0x28, // add rsp, 40
            0xC3, // ret
        ];
        return [.. code, .. Encoding.Unicode.GetBytes($"\r\n{line}\r\n\0")];
    }

    private static byte[] Assemble(List<(string Name, byte[] Content, uint Flags)> sections)
    {
        byte[] image = new byte[Alignment + sections.Sum(s => Round(s.Content.Length))];
        Span<byte> at = image;
        "MZ"u8.CopyTo(at);
        const int Pe = 0x80,
            Optional = Pe + 24,
            Table = Optional + 240;
        BinaryPrimitives.WriteInt32LittleEndian(at[0x3C..], Pe);
        "PE\0\0"u8.CopyTo(at[Pe..]);
        BinaryPrimitives.WriteUInt16LittleEndian(at[(Pe + 4)..], 0x8664);
        BinaryPrimitives.WriteUInt16LittleEndian(at[(Pe + 6)..], (ushort)sections.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(at[(Pe + 20)..], 240);
        BinaryPrimitives.WriteUInt16LittleEndian(at[(Pe + 22)..], 0x22E); // executable, may be loaded anywhere
        BinaryPrimitives.WriteUInt16LittleEndian(at[Optional..], 0x20B);
        BinaryPrimitives.WriteInt32LittleEndian(at[(Optional + 16)..], Alignment); // entry point
        BinaryPrimitives.WriteInt32LittleEndian(at[(Optional + 20)..], Alignment);
        BinaryPrimitives.WriteInt32LittleEndian(at[(Optional + 32)..], Alignment);
        BinaryPrimitives.WriteInt32LittleEndian(at[(Optional + 36)..], Alignment);
        BinaryPrimitives.WriteInt32LittleEndian(at[(Optional + 56)..], image.Length);
        BinaryPrimitives.WriteInt32LittleEndian(at[(Optional + 60)..], Alignment);
        BinaryPrimitives.WriteUInt16LittleEndian(at[(Optional + 68)..], 10); // EFI application
        BinaryPrimitives.WriteInt32LittleEndian(at[(Optional + 108)..], 16);
        int offset = Alignment;
        for (int i = 0; i < sections.Count; i++)
        {
            Span<byte> row = at[(Table + (i * 40))..];
            Encoding.ASCII.GetBytes(sections[i].Name).CopyTo(row);
            BinaryPrimitives.WriteInt32LittleEndian(row[8..], sections[i].Content.Length);
            BinaryPrimitives.WriteInt32LittleEndian(row[12..], offset);
            BinaryPrimitives.WriteInt32LittleEndian(row[16..], Round(sections[i].Content.Length));
            BinaryPrimitives.WriteInt32LittleEndian(row[20..], offset);
            BinaryPrimitives.WriteUInt32LittleEndian(row[36..], sections[i].Flags);
            sections[i].Content.CopyTo(at[offset..]);
            offset += Round(sections[i].Content.Length);
        }

        return image;
    }

    private static int Round(int length) => (length + Alignment - 1) / Alignment * Alignment;
}
