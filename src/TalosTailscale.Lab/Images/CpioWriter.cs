using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>Writes "newc" archives (magic 070701) as <c>cpio -H newc --reproducible -R 0:0</c> does.</summary>
internal sealed class CpioWriter(Stream output)
{
    private const int Regular = 0x81A4;
    private const int Folder = 0x41ED;
    private int _inode;
    private long _written;

    /// <summary>A folder; its parents must have been written.</summary>
    public void AddFolder(string name) => Header(name, Folder, 0, 2);

    /// <summary>A file whose content is written by the function given.</summary>
    public void AddFile(string name, long length, Action<Stream> write)
    {
        Header(name, Regular, length, 1);
        write(output);
        _written += length;
        Pad();
    }

    /// <summary>A file.</summary>
    public void AddFile(string name, byte[] content) => AddFile(name, content.Length, o => o.Write(content));

    /// <summary>The end record, and zeros up to a block of 512 bytes.</summary>
    public void Finish()
    {
        _inode = -1;
        Header("TRAILER!!!", 0, 0, 1);
        output.Write(new byte[(512 - (_written % 512)) % 512]);
    }

    private void Header(string name, int mode, long length, int links)
    {
        var time = _inode < 0 ? 0 : LabBytes.Epoch.ToUnixTimeSeconds();
        var nameBytes = Encoding.UTF8.GetBytes(name + '\0');
        var header =
            $"070701{++_inode:X8}{mode:X8}{0:X8}{0:X8}{links:X8}{time:X8}{length:X8}{0:X8}{0:X8}{0:X8}{0:X8}"
            + $"{nameBytes.Length:X8}{0:X8}";
        output.Write(Encoding.ASCII.GetBytes(header));
        output.Write(nameBytes);
        _written += header.Length + nameBytes.Length;
        Pad();
    }

    private void Pad()
    {
        var padding = (int)((4 - (_written % 4)) % 4);
        output.Write(new byte[padding]);
        _written += padding;
    }
}
